// Files of named objects and mapped files: made whole before they get their name, opened without following links.

import { closeSync } from "node:fs";
import { dirname } from "node:path";
import { errno } from "../sys/errno.ts";
import { type Attempt, check, IpcError } from "../sys/error.ts";
import * as sys from "../sys/memory.ts";
import { checkBoolean, checkMode } from "../sys/validate.ts";
import { accessHint, creationHint, isRefused, poorHint } from "./refusal.ts";
import { reserve } from "./reservation.ts";

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

/** A name that is taken is told before space is; whether it is free until then is for linkat(2) to say. */
const isTaken = (path: string): boolean => typeof sys.lstat(path) === "object";

export interface CreateRequest {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly isSparse?: boolean;
  /** What helps where the name is taken. */
  readonly ifTaken: string;
  /** What helps where the file system has neither hard links nor permission bits. */
  readonly ifNoLinks?: string;
  readonly attempt: () => Attempt;
}

/**
 * Creates the file at once in its final state: reserved, filled by `fill`, and only then named. No opener ever sees a
 * half-made object, and a creator killed half-way leaves nothing. The descriptor; closed if anything fails.
 */
export function createFile(request: CreateRequest, fill: (fd: number) => void): number {
  const { path, size, mode, isSparse, ifTaken, ifNoLinks, attempt } = request;
  const directory = dirname(path);
  const checkMade = (result: number) =>
    check(result, () => ({ ...attempt(), hint: creationHint(result, directory, ifTaken) }));
  const checkOwn = (result: number, syscall: string) =>
    check(result, () => ({ ...attempt(), syscall, hint: poorHint(result, syscall, ifNoLinks) }));
  const nameless = openNameless(directory, mode);
  checkMade(nameless.fd);
  try {
    checkOwn(sys.fchmod(nameless.fd, mode), "fchmod");
    checkMade(isTaken(path) ? -errno.EEXIST : 0);
    reserve({ fd: nameless.fd, size, isSparse, isNew: true, directory }, attempt);
    fill(nameless.fd);
    const named = nameless.publish(path);
    if (isRefused(named)) checkOwn(named, "linkat");
    checkMade(named);
    return nameless.fd;
  } catch (error) {
    sys.close(nameless.fd);
    throw error;
  } finally {
    nameless.discard();
  }
}

/** Runs `action`; when it throws, the descriptor is closed. */
export function orClose<T>(fd: number, action: () => T, close: (fd: number) => void = sys.close): T {
  try {
    return action();
  } catch (error) {
    close(fd);
    throw error;
  }
}

/**
 * Closes a descriptor that we were given. Who opened it may have been the runtime: Deno keeps a table of its own, and who
 * is still in there when another file gets the same number takes that one's descriptor along, or an innocent's when a
 * Worker ends. What the runtime does not know is closed by close(2).
 */
export function closeGiven(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    sys.close(fd);
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

/** Refuses to make longer what its maker has sealed. */
export function checkGrowable(fd: number, attempt: () => Attempt): void {
  const seals = sys.getSeals(fd);
  if (seals < 0 || !(seals & sys.F_SEAL_GROW)) return;
  const hint = "its size is sealed; SharedMemory.anonymous({ size, seal: false }) makes memory that can be resized";
  throw new IpcError(errno.EPERM, { ...attempt(), hint });
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
