// A Worker of workers.test.ts: awaits a futex, and is, when it is told to be, too busy to hear that it was woken.

import { parentPort, workerData } from "node:worker_threads";
import { Futex, SharedMemory } from "../../mod.ts";

const BUSY_MS = 5000;
const memory = SharedMemory.open(workerData as string);
Futex.over(memory, 0)
  .wait(0)
  .catch(() => {});
parentPort?.once("message", () => {
  parentPort?.postMessage("busy");
  for (const end = performance.now() + BUSY_MS; performance.now() < end; );
});
parentPort?.postMessage("waiting");
