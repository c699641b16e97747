// File locks: one typed function per shim symbol (shim/file_lock.c).

import { environment } from "../runtime/environment.ts";
import { scratchPairs } from "./scratch.ts";

/** Kinds: multiples of 4, to which a type is added. */
export const BY_DESCRIPTION = 0;
export const BY_PROCESS = 4;
export const WHOLE_FILE = 8;
export const UNLOCK = 0;
export const SHARED = 1;
export const EXCLUSIVE = 2;

/** Takes, changes or drops a lock without waiting: 0, -EAGAIN or another -errno. A length of 0 is up to the end. */
export function fileLock(fd: number, operation: number, start: number, length: number): number {
  return environment().calls.file_lock(fd, operation, start, length);
}

/** F_GETLK, F_OFD_GETLK: the first lock in the way, UNLOCK for none, or -errno. */
export function fileLockTest(
  fd: number,
  operation: number,
  start: number,
  length: number,
): { type: number; start: number; length: number; pid: number } | number {
  const address = scratchPairs([
    [start, length],
    [0, 0],
  ]);
  const { calls, scratchView, scratchAddress } = environment();
  const result = calls.file_lock_test(fd, operation, address);
  if (result < 0) return result;
  const [type, from, size, pid] = [0, 8, 16, 24].map((at) =>
    scratchView.getFloat64(address - scratchAddress + at, true),
  );
  return { type, start: from, length: size, pid };
}

/** Begins to wait for a lock in a thread of its own, which tells `id` (unless negative). The job's handle, or -errno. */
export function fileLockStart(fd: number, operation: number, start: number, length: number, id: number): number {
  const { calls, address } = environment();
  return calls.file_lock_start(fd, operation, start, length, id, address);
}

/** Blocks until the job is done or the deadline: 1 it is done, 0 not yet. */
export function fileLockWait(job: number, deadline: number): number {
  return environment().calls.file_lock_wait(job, deadline);
}

/** Asks a job that has an id to come to an end, without waiting for it: its id will be told. */
export function fileLockCancel(job: number): number {
  return environment().calls.file_lock_cancel(job);
}

/** Ends the job: 0 the lock is ours, -EINTR it was still waiting, or another -errno. */
export function fileLockEnd(job: number): number {
  return environment().calls.file_lock_end(job);
}
