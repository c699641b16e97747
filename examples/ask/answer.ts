// Answers what ask.ts asks, under any runtime, until the asker has closed: each number, and its square.
//
//   bun examples/ask/answer.ts
//   node examples/ask/ask.ts       in another terminal; whichever of the two comes first waits for the other
//
// Either may be killed, too: the other one says so, and goes on with the next.
import process from "node:process";
import { SpscRing } from "@linux-ipc/core";
import { survivingPeers } from "./surviving.ts";

const name = process.argv[2] ?? "/linux-ipc-ask";
const questions = SpscRing.openOrCreate(`${name}-questions`, { capacity: 4096 }).consumer();
const answers = SpscRing.openOrCreate(`${name}-answers`, { capacity: 4096 }).producer();

await survivingPeers(async () => {
  for await (const question of questions) {
    const number = new DataView(question.buffer, question.byteOffset).getFloat64(0, true);
    await survivingPeers(() => answers.send(new Float64Array([number, number ** 2])));
  }
});
for (const part of ["questions", "answers"]) SpscRing.unlink(`${name}-${part}`);
