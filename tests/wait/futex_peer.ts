// The peer of futex.test.ts: waits in one of the forms on the word at byte 128, and says what came of it.

import process from "node:process";
import { createInterface } from "node:readline";
import { Futex, SharedMemory } from "../../mod.ts";

const [name, form] = process.argv.slice(2);
const memory = SharedMemory.open(name);
const futex = Futex.over(memory, 128);
console.log("waiting");

if (form === "waitSync") console.log(futex.waitSync(0));
if (form === "waitAnySync") {
  const { result, index } = Futex.waitAnySync([
    [Futex.over(memory, 256), 0],
    [futex, 0],
  ]);
  console.log(result, index);
}
if (form === "wait") console.log(await futex.wait(0));
if (form === "closing") {
  const other = Futex.over(SharedMemory.open(name), 128);
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  while (!(await lines.next()).done) {
    const own = SharedMemory.open(name);
    const waiting = Futex.over(own, 128).wait(0);
    await new Promise((resolve) => setTimeout(resolve, 20)); // it is in the kernel's queue
    console.log("queued");
    await lines.next(); // somebody else has come behind it
    own.close();
    console.log(other.wake(1));
    await waiting.catch(() => {});
  }
}
if (form === "unref") futex.unref().wait(0);
else memory.close();
