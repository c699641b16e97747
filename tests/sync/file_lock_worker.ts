// The process of the Worker test of FileLock, and its Worker, which goes in possession. PATH KIND TASK

import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { FileLock, type FileLockKind } from "../../mod.ts";

type Order = [path: string, kind: FileLockKind, task: string];

/** The file of a descriptor. */
function opened(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined; // that of the directory itself
  }
}

/** What the Worker holds when it ends is free then, and its descriptor closed. */
async function look([path, kind, task]: Order): Promise<void> {
  const descriptors = () => readdirSync("/proc/self/fd").filter((fd) => opened(fd) === path).length;
  const file = FileLock.open(path, { kind });
  const worker = new Worker(new URL(import.meta.url), { workerData: [path, kind, task] });
  await new Promise((resolve) => worker.once("message", resolve));
  const waiting = file.lock({ timeoutMs: 10_000 });
  if (task === "terminated") await worker.terminate();
  const guard = await waiting;
  console.log(guard !== undefined, descriptors());
  file.close();
  process.exit();
}

function hold([path, kind, task]: Order): void {
  FileLock.open(path, { kind }).lockSync();
  if (task === "terminated") setInterval(() => {}, 1000);
  parentPort?.postMessage("held");
}

if (isMainThread) await look(process.argv.slice(2) as Order);
else hold(workerData as Order);
