// Files of named objects and mapped files: made whole before they get their name, opened without following links.

import { dirname } from "node:path";
import { pageSize } from "../sys/advice.ts";
import { errno } from "../sys/errno.ts";
import { type Attempt, check, IpcError } from "../sys/error.ts";
import * as sys from "../sys/memory.ts";
import { checkBoolean, checkMode } from "../sys/validate.ts";
import { demandMemory, LEAST_BYTES } from "./available.ts";
import { hugePagesHint } from "./huge_pages.ts";
import { DIRECTORY } from "./name.ts";
import { accessHint } from "./refusal.ts";

/** A descriptor without a name yet, and how to give it one. */
interface Nameless {
  readonly fd: number;
  /** 0 or -errno. */
  publish(path: string): number;
  /** Removes what publish needed. */
  discard(): void;
}

/** Without O_TMPFILE (very old kernels, odd mounts) a private name stands in; a creator killed half-way leaves it. */
function openPrivateName(directory: string, mode: number): Nameless {
  const path = `${directory}/.linux-ipc-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const fd = sys.open(path, sys.O_RDWR | sys.O_CREAT | sys.O_EXCL | sys.O_NOFOLLOW, mode);
  return { fd, publish: (name) => sys.linkDescriptor(fd, name), discard: () => sys.unlink(path) };
}

function openNameless(directory: string, mode: number): Nameless {
  const fd = sys.open(directory, sys.O_TMPFILE | sys.O_RDWR, mode);
  if (fd === -errno.EOPNOTSUPP || fd === -errno.EISDIR) return openPrivateName(directory, mode);
  return { fd, publish: (name) => sys.linkDescriptor(fd, name), discard: () => {} };
}

function spaceHint(directory: string, size: number): string | undefined {
  const space = sys.statfs(directory);
  if (typeof space === "number") return undefined;
  const state = `${directory} has ${space.free} bytes free of ${space.total}, ${size} asked`;
  if (directory !== DIRECTORY) return state;
  return `${state}; enlarge it with mount -o remount,size=..., in Docker with --shm-size`;
}

/** What is reserved in a file, and where it lies. */
export interface Reservation {
  readonly fd: number;
  /** Bytes from the file's start that there must be. */
  readonly size: number;
  /** Bytes that are there already. */
  readonly from?: number;
  /** Leave a hole, and reserve nothing but the last byte's block. */
  readonly isSparse?: boolean;
  readonly directory?: string;
}

const isHuge = (fd: number): boolean => pageSize(fd) > pageSize(-1);

/** Pages of tmpfs are memory. What stands there already needs no new ones. */
function demandPages(fd: number, start: number, end: number, attempt: () => Attempt): void {
  if (end - start < LEAST_BYTES || !sys.isInMemory(fd)) return;
  const status = sys.fstat(fd);
  const size = typeof status === "number" ? 0 : status.size;
  demandMemory(end - Math.max(start, size), attempt);
}

/** Reserves space now, so that a full file system is ENOSPC here and never SIGBUS later. Never makes a file smaller. */
export function reserve(reservation: Reservation, attempt: () => Attempt): void {
  const { fd, size, from = 0, isSparse = false, directory = DIRECTORY } = reservation;
  const start = isSparse ? size - 1 : from;
  demandPages(fd, start, size, attempt);
  const result = sys.fallocate(fd, start, size - start);
  if (result >= 0) return;
  const hints: Record<number, string | undefined> = {
    [errno.EOPNOTSUPP]: "this file system cannot reserve space",
    [errno.ENOSPC]: isHuge(fd) ? hugePagesHint(pageSize(fd), size) : spaceHint(directory, size),
  };
  const hint = hints[-result];
  throw new IpcError(-result, { ...attempt(), syscall: "posix_fallocate", hint });
}

export interface CreateRequest {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly isSparse?: boolean;
  readonly attempt: () => Attempt;
}

/**
 * Creates the file at once in its final state: reserved, filled by `fill`, and only then named. No opener ever sees a
 * half-made object, and a creator killed half-way leaves nothing. The descriptor; closed if anything fails.
 */
export function createFile(request: CreateRequest, fill: (fd: number) => void): number {
  const { path, size, mode, isSparse, attempt } = request;
  const directory = dirname(path);
  const nameless = openNameless(directory, mode);
  check(nameless.fd, attempt);
  try {
    check(sys.fchmod(nameless.fd, mode), attempt);
    reserve({ fd: nameless.fd, size, isSparse, directory }, attempt);
    fill(nameless.fd);
    check(nameless.publish(path), attempt);
    return nameless.fd;
  } catch (error) {
    sys.close(nameless.fd);
    throw error;
  } finally {
    nameless.discard();
  }
}

/** Runs `action`; when it throws, the descriptor is closed. */
export function orClose<T>(fd: number, action: () => T): T {
  try {
    return action();
  } catch (error) {
    sys.close(fd);
    throw error;
  }
}

/** Refuses what its sender could shrink under us. */
export function checkSeals(fd: number, attempt: () => Attempt): void {
  const seals = sys.getSeals(fd);
  if (seals >= 0 && seals & sys.F_SEAL_SHRINK) return;
  if (seals === -errno.EBADF) throw new IpcError(errno.EBADF, { ...attempt(), syscall: "fcntl" });
  const hint = "it is not sealed against shrinking; { allowUnsealed: true } trusts its sender";
  throw new IpcError(errno.EPERM, { ...attempt(), syscall: "fcntl", hint });
}

/** How an existing file is opened. */
export interface OpenRequest {
  readonly path: string;
  readonly readOnly: boolean;
  /** Whether whoever asks could have asked for that, for messages. */
  readonly offersReadOnly: boolean;
  readonly attempt: () => Attempt;
}

/** Opens an existing file; does not wait for the other end of what turns out to be a FIFO. */
export function openFile({ path, readOnly, offersReadOnly, attempt }: OpenRequest): number {
  const fd = sys.open(path, (readOnly ? sys.O_RDONLY : sys.O_RDWR) | sys.O_NOFOLLOW | sys.O_NONBLOCK, 0);
  return check(fd, () => ({ ...attempt(), hint: accessHint(fd, path, offersReadOnly && !readOnly) }));
}

/** What only a creation or a close looks at. */
interface NameOptions {
  readonly mode?: number;
  readonly unlinkOnClose?: boolean;
}

/**
 * Tries to open, then to create, until one of them works: both may be raced by others. The options are checked before, so
 * that wrong ones are refused whichever it comes to.
 */
export function openOrCreate<T>(options: NameOptions | undefined, open: () => T, create: () => T): T {
  checkMode(options?.mode ?? 0o600);
  checkBoolean(options?.unlinkOnClose ?? false, "unlinkOnClose");
  for (let attempts = 0; ; attempts++) {
    for (const [step, expected] of [
      [open, "ENOENT"],
      [create, "EEXIST"],
    ] as const) {
      try {
        return step();
      } catch (error) {
        if (!(error instanceof IpcError) || error.code !== expected || attempts === 100) throw error;
      }
    }
  }
}
