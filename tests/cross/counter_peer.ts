// Increments a counter in shared memory so many times, each time under the mutex. MUTEX MEMORY ROUNDS

import process from "node:process";
import { createInterface } from "node:readline";
import { Mutex, SharedMemory } from "../../mod.ts";

const [name, memoryName, rounds] = process.argv.slice(2) as [string, string, string];
const mutex = Mutex.open(name);
const memory = SharedMemory.open(memoryName);
const words = new Int32Array(memory.buffer);
const input = createInterface(process.stdin);
input.once("line", () => {
  for (let round = Number(rounds); round > 0; round--) {
    const guard = mutex.lockSync();
    words[0] = (words[0] as number) + 1;
    if (words[1] !== process.pid) words[2] = (words[2] as number) + 1;
    words[1] = process.pid;
    guard?.unlock();
  }
  mutex.close();
  memory.close();
  input.close();
  process.stdin.destroy();
});
console.log("ready");
