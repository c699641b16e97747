// Asks answer.ts questions, one at a time, and says how long the answers took. Neither of them ever blocks its event loop.
//
//   node examples/ask/ask.ts [name [how many questions]]
import process from "node:process";
import { SpscRing } from "@linux-ipc/core";
import { survivingPeers } from "./surviving.ts";

const [name = "/linux-ipc-ask", count = "100000"] = process.argv.slice(2);
if (!(Number.isInteger(Number(count)) && Number(count) > 0)) {
  console.error(`How many questions must be a whole number from 1 on, not "${count}".`);
  process.exit(2);
}
const questions = SpscRing.openOrCreate(`${name}-questions`, { capacity: 4096 }).producer();
const answers = SpscRing.openOrCreate(`${name}-answers`, { capacity: 4096 }).consumer();

/**
 * What an asker before us, which was killed, has not read is skipped. When the answerer is killed, the question waits for
 * the next one.
 */
async function ask(number: number): Promise<number> {
  await survivingPeers(() => questions.send(new Float64Array([number])));
  for (;;) {
    const answer = await survivingPeers(() => answers.receive());
    const [question, square] = new Float64Array(answer.buffer, answer.byteOffset, 2) as unknown as [number, number];
    if (question === number) return square;
  }
}

await ask(-1); // the other one may not be there yet
const times: number[] = [];
for (let number = 1; number <= Number(count); number++) {
  const before = performance.now();
  const square = await ask(number);
  times.push(performance.now() - before);
  if (square !== number ** 2) throw new Error(`the square of ${number} is not ${square}`);
}
times.sort((left, right) => left - right);
const [half, most] = [0.5, 0.99].map((share) => (times[Math.floor(times.length * share)] as number) * 1000);
console.log(`${count} answers, half of them within ${half?.toFixed(1)} us, 99 % within ${most?.toFixed(0)} us`);
questions.close();
