// A Worker of the sync tests: takes a mutex and does what it is told with it.

import { parentPort, workerData } from "node:worker_threads";
import { Mutex, SharedMemory } from "../../mod.ts";

const { task, name, rounds } = workerData as { task: string; name: string; rounds: number };
const mutex = Mutex.open(name);

function count(): void {
  const memory = SharedMemory.open(`${name}-count`);
  const words = new Int32Array(memory.buffer);
  for (let round = 0; round < rounds; round++) {
    const guard = mutex.lockSync();
    words[0] = (words[0] as number) + 1;
    guard?.unlock();
  }
  memory.close();
  mutex.close();
}

if (task === "count") count();
else mutex.lockSync();
if (task === "hold") setInterval(() => {}, 1000);
parentPort?.postMessage("done");
