// The peer of plain_locks.test.ts: increments a counter under a futex lock or a spin lock, blocking or awaiting.

import process from "node:process";
import { FutexLock, SharedMemory, SpinLock } from "../../mod.ts";

const [name, form, rounds] = process.argv.slice(2);
const memory = SharedMemory.open(name);
const counter = new Int32Array(memory.buffer, 128 + 64, 1);
const futexLock = FutexLock.over(memory, 128);
const spinLock = SpinLock.over(memory, 128);
console.log("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));
for (let round = 0; round < Number(rounds); round++) {
  const guard =
    form === "lock" ? await futexLock.lock() : form === "lockSync" ? futexLock.lockSync() : spinLock.lockSync();
  counter[0]++; // plain: only the lock makes it exact
  guard?.unlock();
}
console.log("done");

memory.close();
process.exit(0); // a pending read of the input would keep Deno alive
