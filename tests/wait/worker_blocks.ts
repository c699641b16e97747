// A Worker of workers.test.ts: blocks in one of the calls that sleep on a futex, and is terminated there.

import { parentPort, workerData } from "node:worker_threads";
import { Futex, FutexLock, SharedMemory } from "../../mod.ts";

const { name, call } = workerData as { name: string; call: string };
const memory = SharedMemory.open(name);
const futex = Futex.over(memory, 0);
const lock = FutexLock.over(memory, 4); // which the other side holds
parentPort?.postMessage("blocks");
if (call === "Futex.waitSync") futex.waitSync(0);
if (call === "Futex.waitAnySync") Futex.waitAnySync([[futex, 0]]);
if (call === "FutexLock.lockSync") lock.lockSync();
