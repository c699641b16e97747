// A Worker of workers.test.ts: has waits of every kind pending, and is terminated while they are.

import { parentPort, workerData } from "node:worker_threads";
import { FileLock, Futex, Peer, SharedMemory } from "../../mod.ts";

const { name, path, pid, blocks } = workerData as { name: string; path: string; pid: number; blocks: boolean };
const memory = SharedMemory.open(name);
const futex = Futex.over(memory, 0);
futex.wait(0).catch(() => {});
FileLock.open(path)
  .lock({ length: 1 })
  .catch(() => {});
Peer.ofPid(pid)
  .died()
  .catch(() => {});
parentPort?.postMessage("waiting");
if (blocks) FileLock.open(path).lockSync({ length: 1 });
