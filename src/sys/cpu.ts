// Processors and threads: one typed function per system call. Thread 0 is the caller. Results are >= 0 or -errno.

import { environment } from "../runtime/environment.ts";
import { maskAddress, readMask, writeMask } from "./bit_mask.ts";
import { errno } from "./errno.ts";

export const SCHED_OTHER = 0;
export const SCHED_FIFO = 1;
export const SCHED_RR = 2;
export const SCHED_BATCH = 3;
export const SCHED_IDLE = 5;
export const SCHED_RESET_ON_FORK = 0x40000000;

/** The kernel's own limit of processors on both architectures. */
export const CPUS_MAX = 8192;
const MASK_SIZE = CPUS_MAX / 8;
const THREADS_MAX = 2000;

/** getcpu(2): where the calling thread runs at this instant. */
export function getcpu(): { cpu: number; node: number } | number {
  const result = environment().calls.getcpu();
  return result < 0 ? result : { cpu: result & 0xffff, node: result >>> 16 };
}

/** sched_setaffinity(2). */
export function setAffinity(thread: number, cpus: readonly number[]): number {
  return environment().calls.sched_setaffinity(thread, MASK_SIZE, writeMask(cpus, MASK_SIZE));
}

/** sched_getaffinity(2). */
export function getAffinity(thread: number): number[] | number {
  const size = environment().calls.sched_getaffinity(thread, MASK_SIZE, maskAddress());
  return size < 0 ? size : readMask(size);
}

/** sched_setscheduler(2). */
export function setScheduler(thread: number, policy: number, priority: number): number {
  return environment().calls.sched_setscheduler(thread, policy, priority);
}

/** sched_getscheduler(2): the policy and its flags. */
export function getScheduler(thread: number): number {
  return environment().calls.sched_getscheduler(thread);
}

/** sched_getparam(2): the priority. */
export function getPriority(thread: number): number {
  return environment().calls.sched_getparam(thread);
}

/** The ids of this process's threads, or -errno; -EOVERFLOW where there are more than 2000. */
export function threadIds(): Int32Array | number {
  const { calls, scratch, scratchAddress } = environment();
  const count = calls.thread_ids(maskAddress(), THREADS_MAX);
  if (count < 0) return count;
  if (count > THREADS_MAX) return -errno.EOVERFLOW;
  const start = scratch.byteOffset + (maskAddress() - scratchAddress);
  return new Int32Array(scratch.buffer, start, count).slice();
}
