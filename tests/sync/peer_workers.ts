// The process of the Worker tests: Workers and the main thread share a mutex. SCENARIO NAME

import process from "node:process";
import { Worker } from "node:worker_threads";
import { Mutex, SharedMemory } from "../../mod.ts";

const [scenario, name] = process.argv.slice(2) as [string, string];
const mutex = Mutex.create(name, { unlinkOnClose: true });
const ROUNDS = 3000;

function start(task: string): { worker: Worker; done: Promise<void> } {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData: { task, name, rounds: ROUNDS } });
  const done = new Promise<void>((resolve, reject) => {
    worker.on("message", () => resolve());
    worker.on("error", reject);
  });
  return { worker, done };
}

/** Two Workers block for it while the main thread awaits it. */
async function contended(): Promise<boolean> {
  const memory = SharedMemory.create(`${name}-count`, { size: 4096, unlinkOnClose: true });
  const words = new Int32Array(memory.buffer);
  const workers = [start("count"), start("count")];
  for (let round = 0; round < 100; round++) {
    const guard = await mutex.lock();
    words[0] = (words[0] as number) + 1;
    guard.unlock();
  }
  await Promise.all(workers.map(({ done }) => done));
  const total = words[0];
  memory.close();
  return total === 2 * ROUNDS + 100;
}

/** A Worker that goes in possession is dead, whichever way it goes. */
async function gone(task: string): Promise<boolean> {
  const { worker, done } = start(task);
  await done;
  const waiting = mutex.lock();
  if (task === "hold") await worker.terminate();
  const guard = await waiting;
  const isTold = guard.recovered?.pid === process.pid;
  guard.repaired();
  guard.unlock();
  return isTold && mutex.lockSync()?.recovered === undefined;
}

const scenarios: Record<string, () => Promise<boolean>> = {
  contended,
  terminated: () => gone("hold"),
  ended: () => gone("end"),
};
console.log((await scenarios[scenario]?.()) ? "right" : "wrong");
mutex.close();
