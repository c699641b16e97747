// Mappings after they are made, and limits: one typed function per system call. Results are >= 0 or -errno.

import { environment } from "../runtime/environment.ts";
import { isJavaScriptCore } from "../runtime/javascript.ts";

/** madvise(2), what this library uses beside the advice that users may give. */
export const MADV_HUGEPAGE = 14;
export const MADV_POPULATE_READ = 22;
export const MADV_POPULATE_WRITE = 23;

export const MS_ASYNC = 1;
export const MS_SYNC = 4;

export const MLOCK_ONFAULT = 1;
export const MCL_CURRENT = 1;
export const MCL_FUTURE = 2;
export const MCL_ONFAULT = 4;

export const RLIMIT_MEMLOCK = 8;
export const RLIMIT_NICE = 13;
export const RLIMIT_RTPRIO = 14;

/** The size of the pages in which this descriptor is mapped; of ordinary memory for -1. */
export function pageSize(fd: number): number {
  return environment().calls.page_size(fd);
}

export function madvise(address: number, length: number, advice: number): number {
  return environment().calls.madvise(address, length, advice);
}

/** mincore(2): bytes of whole pages that are in memory already, or -errno. */
export function resident(address: number, length: number): number {
  return environment().calls.resident(address, length);
}

export function msync(address: number, length: number, flags: number): number {
  return environment().calls.msync(address, length, flags);
}

/** sync_file_range(2) with SYNC_FILE_RANGE_WRITE: starts writing and waits for nothing. */
export function syncFileRange(fd: number, offset: number, length: number): number {
  return environment().calls.sync_file_range(fd, offset, length);
}

export function fsync(fd: number): number {
  return environment().calls.fsync(fd);
}

/** fallocate(2) with FALLOC_FL_PUNCH_HOLE: the range reads as zeros, its space is free. */
export function punchHole(fd: number, offset: number, length: number): number {
  return environment().calls.punch_hole(fd, offset, length);
}

/** mlock2(2). */
export function mlock(address: number, length: number, flags: number): number {
  return environment().calls.mlock(address, length, flags);
}

export function munlock(address: number, length: number): number {
  return environment().calls.munlock(address, length);
}

/** mlockall(2). V8 aborts where it cannot drop a page: refused there, ENOTSUP, where the shim cannot help (locked_pages.c). */
export function mlockall(flags: number): number {
  return environment().calls.mlockall(flags, isJavaScriptCore ? 0 : 1);
}

export function munlockall(): number {
  return environment().calls.munlockall();
}

/** getrlimit(2): the soft limit; Infinity where there is none. */
export function resourceLimit(resource: number): number {
  const limit = environment().calls.resource_limit(resource);
  return limit >= 2 ** 63 ? Number.POSITIVE_INFINITY : limit;
}
