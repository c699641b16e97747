// Who sleeps in the kernel: for proc_pid_stat(5) one that is only kept waiting for a processor does not.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { sleep, until } from "./wait.ts";

function isAsleep(folder: string): boolean {
  try {
    const line = readFileSync(`${folder}/stat`, "latin1");
    return line[line.lastIndexOf(")") + 2] === "S";
  } catch {
    return true; // it has ended meanwhile
  }
}

/** Of Deno's tests the thread is not the first one. */
const ownThread = readlinkSync("/proc/thread-self").split("/").at(-1);
const others = () => readdirSync("/proc/self/task").filter((thread) => thread !== ownThread);

/** Until those who wait stand in the kernel's queue: the shim's threads sleep there, if nowhere else. */
export async function queued(): Promise<void> {
  await sleep(50);
  let looks = 0; // one look may miss who is woken during it by one that sleeps at its end
  await until(() => {
    looks = others().every((thread) => isAsleep(`/proc/self/task/${thread}`)) ? looks + 1 : 0;
    return looks === 3;
  }, "all threads to sleep");
}

/** Until the first thread of a process sleeps, in the only call in which it can. */
export const asleep = (pid: number) => until(() => isAsleep(`/proc/${pid}`), `process ${pid} to sleep`);

/** How often its first thread has gone to sleep. */
export function sleepsOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
}
