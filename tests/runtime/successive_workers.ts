// A program whose Workers use the library one after the other, and its main thread if it is told so; says what stays.

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { isMainThread, Worker } from "node:worker_threads";
import { Mutex } from "../../mod.ts";

const WORKERS = 4;
/** Where the library had gone with its last Worker, the watchdog would come up in nothing, within a second. */
const A_WHILE_MS = 1200;
/** So many threads more than behind the first Worker are looked at again: one may outlive its Worker for a moment. */
const TOO_MANY = 3;
const LOOKS_MOST = 500;

async function use(): Promise<void> {
  const mutex = Mutex.create(`/linux-ipc-test-${process.pid}-${Math.random().toString(36).slice(2)}`, {
    unlinkOnClose: true,
  });
  const guard = await mutex.lock();
  await mutex.lock({ timeoutMs: 5 }); // waits: the shim's threads are running
  guard.unlock();
  mutex.close();
}

const count = () => ({
  threads: readdirSync("/proc/self/task").length,
  images: readFileSync("/proc/self/maps", "utf8").match(/ r-xp .*linux-ipc-[\w-]+\.so/g)?.length ?? 0,
});

function runWorker(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url));
  return new Promise((resolve, reject) => {
    worker.once("exit", () => resolve());
    worker.once("error", reject);
  });
}

if (isMainThread) {
  if (process.argv[2] === "together") await use();
  await runWorker();
  const first = count();
  for (let index = 1; index < WORKERS; index++) await runWorker();
  if (process.argv[2] === "alone") await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS));
  let last = count();
  for (let looks = 0; looks < LOOKS_MOST && last.threads >= first.threads + TOO_MANY; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    last = count();
  }
  console.log(JSON.stringify({ first, last }));
} else {
  await use();
}
