// Affinity: on which processors the threads of this process may run.

import { CPUS_MAX, getAffinity, getcpu, setAffinity, threadIds } from "../../sys/cpu.ts";
import { errno } from "../../sys/errno.ts";
import { check, IpcError } from "../../sys/error.ts";
import { kernelList } from "../../sys/kernel_file.ts";
import { checkInteger, checkOptions } from "../../sys/validate.ts";

/** Whom `cpu.pin` and `cpu.unpin` mean. */
export interface AffinityOptions {
  /** Every thread of this process, and those to come, or the calling thread and those that it starts. */
  scope?: "process" | "thread" | undefined;
}

const CALLER = 0;
const SYSCALL = "sched_setaffinity";
const ALL = Array.from({ length: CPUS_MAX }, (_, cpu) => cpu);

function checkScope(options: AffinityOptions, what: string): "process" | "thread" {
  checkOptions(options, ["scope"], what);
  const { scope = "process" } = options;
  if (typeof scope !== "string") throw new TypeError(`scope must be a string, not ${typeof scope}`);
  if (scope !== "process" && scope !== "thread")
    throw new RangeError(`scope must be "process" or "thread", not "${scope}"`);
  return scope;
}

function checkCpus(cpus: unknown): number[] {
  const list: unknown[] = Array.isArray(cpus) ? cpus : [cpus];
  const numbers = list.map((cpu) => checkInteger(cpu, "cpu", 0, CPUS_MAX - 1));
  if (numbers.length === 0) throw new RangeError("cpus must name at least one processor");
  return numbers;
}

/** Asked only once the kernel has refused: lxcfs shows a container as many as it may use, from 0 on, wherever it runs. */
function demandKnown(cpus: readonly number[]): void {
  const known = online();
  const unknown = cpus.filter((cpu) => !known.includes(cpu));
  if (unknown.length > 0)
    throw new RangeError(`there is no processor ${unknown.join(", ")} (there is ${known.join(", ")})`);
}

function affinityOf(thread: number): number[] {
  const found = getAffinity(thread);
  if (typeof found === "object") return found;
  throw new IpcError(-found, { syscall: "sched_getaffinity", doing: "ask for processors" });
}

/** Threads that were started meanwhile by one that was not pinned yet are found in the next round. */
function setForProcess(cpus: readonly number[], doing: string): void {
  const done = new Set<number>();
  for (let hasNew = true; hasNew; ) {
    const threads = threadIds();
    if (typeof threads === "number") throw new IpcError(-threads, { syscall: "open", doing, path: "/proc/self/task" });
    hasNew = false;
    for (const thread of threads) {
      if (done.has(thread)) continue;
      const result = setAffinity(thread, cpus);
      if (result !== -errno.ESRCH) check(result, () => ({ syscall: SYSCALL, doing }));
      done.add(thread);
      hasNew = true;
    }
  }
}

/** Pins the calling thread, all or nothing: the kernel leaves out, in silence, what the control group forbids. */
function pinCaller(cpus: readonly number[], doing: string): void {
  const before = affinityOf(CALLER);
  const result = setAffinity(CALLER, cpus);
  const got = result >= 0 ? affinityOf(CALLER) : [];
  if (cpus.every((cpu) => got.includes(cpu))) return;
  setAffinity(CALLER, before);
  demandKnown(cpus);
  const isForbidden = result < 0 && result !== -errno.EINVAL;
  const hint = isForbidden
    ? "a seccomp profile or a sandbox refuses it"
    : "its control group (cpuset.cpus) does not have all of them";
  throw new IpcError(result < 0 ? -result : errno.EINVAL, { syscall: SYSCALL, doing, hint });
}

/**
 * sched_setaffinity(2): from now on the process, or the calling thread, runs only on these processors.
 *
 * For the process every thread is pinned: JavaScript, the garbage collector, the thread pool. Threads and processes that
 * are started later inherit it. A thread that spins on one processor while the rest of its process may run elsewhere is
 * the usual wish: pin the process first, then the thread.
 *
 * @throws {IpcError} EINVAL the control group has not all of these processors, and nothing was changed; EPERM,
 * ENOSYS a seccomp profile or a sandbox refuses
 * @throws {RangeError} a processor that does not exist or is offline
 * @see https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html
 * @example
 * ```ts
 * import { cpu } from "@linux-ipc/core";
 * const here = cpu.current();
 * cpu.pin(here, { scope: "thread" });
 * console.log(cpu.affinity().length, cpu.current() === here); // 1 true
 * cpu.unpin({ scope: "thread" });
 * ```
 */
export function pin(cpus: number | readonly number[], options: AffinityOptions = {}): void {
  const scope = checkScope(options, "cpu.pin");
  const list = checkCpus(cpus);
  const doing = `pin this ${scope} to the processors ${list.join(", ")}`;
  pinCaller(list, doing);
  if (scope === "process") setForProcess(list, doing);
}

/**
 * Ends `pin`: the process, or the calling thread, may run on every processor that its control group has.
 *
 * @throws {IpcError} EPERM
 * @see https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html
 */
export function unpin(options: AffinityOptions = {}): void {
  const scope = checkScope(options, "cpu.unpin");
  const doing = `unpin this ${scope}`;
  check(setAffinity(CALLER, ALL), () => ({ syscall: SYSCALL, doing }));
  if (scope === "process") setForProcess(ALL, doing);
}

/**
 * sched_getaffinity(2): the processors that the calling thread may run on.
 *
 * @see https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html
 */
export function affinity(): number[] {
  return affinityOf(CALLER);
}

/**
 * getcpu(2): the processor that the calling thread runs on at this instant. Without `pin` it may be another one already.
 *
 * @see https://man7.org/linux/man-pages/man2/getcpu.2.html
 */
export function current(): number {
  const here = getcpu();
  if (typeof here === "object") return here.cpu;
  throw new IpcError(-here, { syscall: "getcpu", doing: "ask for this thread's processor" });
}

/** The processors of the machine that are in operation, whether or not this process may use them. */
export function online(): number[] {
  return kernelList("/sys/devices/system/cpu/online") ?? affinityOf(CALLER);
}
