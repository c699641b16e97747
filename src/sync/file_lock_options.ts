// What a FileLock is opened with and what it is asked for, and the checks of both.

import { BY_DESCRIPTION, BY_PROCESS, EXCLUSIVE, SHARED, WHOLE_FILE } from "../sys/file_lock.ts";
import { checkBoolean, checkInteger, checkMode, checkOptions } from "../sys/validate.ts";
import type { AwaitOptions, WaitOptions } from "../wait/deadline.ts";

/**
 * In whose name the kernel holds the locks: `"ofd"` the open file description's (fcntl F_OFD_SETLK), `"flock"` the same
 * for whole files (flock(2)), `"posix"` the process's (fcntl F_SETLK, lockf(3)).
 */
export type FileLockKind = "ofd" | "flock" | "posix";

/** How a file is opened for locking. */
export interface FileLockOpenOptions {
  /** `"ofd"` unless said. */
  kind?: FileLockKind | undefined;
  /** Makes an empty file where there is none. */
  create?: boolean | undefined;
  /** Permission bits of a file that is made, 0o600 unless said; the umask takes its part. */
  mode?: number | undefined;
  /** Opens it for reading only: then record locks (ofd, posix) can only be shared. */
  readOnly?: boolean | undefined;
}

/** Which lock: exclusive on the whole file, however long it becomes, unless said. */
export interface FileLockRange {
  /** Together with other shared ones, and against exclusive ones. */
  shared?: boolean | undefined;
  /** First byte. Not for flock. */
  offset?: number | undefined;
  /** Bytes; up to the end of the file, wherever that will be, unless said. Not for flock. */
  length?: number | undefined;
}

/** Which lock, and how long to block. */
export type FileLockWaitOptions = FileLockRange & WaitOptions;
/** Which lock, and how long to await it. */
export type FileLockAwaitOptions = FileLockRange & AwaitOptions;

/** A lock of somebody else that is in the way. */
export interface FileLockBlocker {
  /** Whether it is a shared one. */
  readonly shared: boolean;
  /** First byte. */
  readonly offset: number;
  /** Bytes; Infinity up to the end of the file. */
  readonly length: number;
  /** Its process in our pid namespace, for a lock of kind "posix"; undefined for "ofd", which no process owns alone. */
  readonly pid: number | undefined;
}

/** The lock that is wanted. */
export interface Wanted {
  readonly isShared: boolean;
  readonly start: number;
  readonly end: number;
}

/** The byte behind the last one that may be named; as a double it is exact, too. */
const END_MOST = Number.MAX_SAFE_INTEGER + 1;

const kinds: Record<FileLockKind, number> = { ofd: BY_DESCRIPTION, posix: BY_PROCESS, flock: WHOLE_FILE };

export function checkKind(kind: FileLockKind): FileLockKind {
  if (typeof kind !== "string") throw new TypeError(`kind must be "ofd", "flock" or "posix", not ${String(kind)}`);
  if (!Object.hasOwn(kinds, kind)) throw new RangeError(`kind must be "ofd", "flock" or "posix", not "${kind}"`);
  return kind;
}

export function checkFileLockOpen(options: FileLockOpenOptions): Required<FileLockOpenOptions> {
  checkOptions(options, ["kind", "create", "mode", "readOnly"], "FileLock.open");
  const { kind = "ofd", create = false, mode = 0o600, readOnly = false } = options;
  checkBoolean(create, "create");
  checkBoolean(readOnly, "readOnly");
  return { kind: checkKind(kind), create, mode: checkMode(mode), readOnly };
}

export function checkRange(range: FileLockRange, kind: FileLockKind): Wanted {
  const { shared = false, offset, length } = range;
  checkBoolean(shared, "shared");
  if (kind === "flock" && (offset !== undefined || length !== undefined)) {
    throw new TypeError("flock locks whole files: offset and length are for the kinds ofd and posix");
  }
  const start = checkInteger(offset ?? 0, "offset", 0, Number.MAX_SAFE_INTEGER);
  if (length === undefined || length === Number.POSITIVE_INFINITY) return { isShared: shared, start, end: Infinity };
  checkInteger(length, "length", 1, Math.min(Number.MAX_SAFE_INTEGER, END_MOST - start));
  return { isShared: shared, start, end: start + length };
}

/** The shim's number for taking such a lock. */
export function operationOf(kind: FileLockKind, isShared: boolean): number {
  return kinds[kind] + (isShared ? SHARED : EXCLUSIVE);
}

export function unlockOperationOf(kind: FileLockKind): number {
  return kinds[kind];
}

/** The hint of EBADF. A descriptor of our own is open; flock(2) asks for nothing else. */
export function badDescriptorHint(kind: FileLockKind, isOurs: boolean): string {
  const mode = "not open for reading (shared locks) or for writing (exclusive locks)";
  if (isOurs) return `it is ${mode}`;
  return kind === "flock" ? "it is no open descriptor" : `it is no open descriptor, or ${mode}`;
}
