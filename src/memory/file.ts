// Files of named objects: made whole before they get their name, opened without following links.

import { errno } from "../sys/errno.ts";
import { type Attempt, check, IpcError } from "../sys/error.ts";
import * as sys from "../sys/memory.ts";
import { DIRECTORY } from "./name.ts";

/** A descriptor without a name yet, and how to give it one. */
interface Nameless {
  readonly fd: number;
  /** 0 or -errno. */
  publish(path: string): number;
  /** Removes what publish needed. */
  discard(): void;
}

/** Without O_TMPFILE (very old kernels, odd mounts) a private name stands in; a creator killed half-way leaves it. */
function openPrivateName(mode: number): Nameless {
  const path = `${DIRECTORY}/.linux-ipc-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const fd = sys.open(path, sys.O_RDWR | sys.O_CREAT | sys.O_EXCL | sys.O_NOFOLLOW, mode);
  return { fd, publish: (name) => sys.linkDescriptor(fd, name), discard: () => sys.unlink(path) };
}

function openNameless(mode: number): Nameless {
  const fd = sys.open(DIRECTORY, sys.O_TMPFILE | sys.O_RDWR, mode);
  if (fd === -errno.EOPNOTSUPP || fd === -errno.EISDIR) return openPrivateName(mode);
  return { fd, publish: (name) => sys.linkDescriptor(fd, name), discard: () => {} };
}

function spaceHint(size: number): string | undefined {
  const space = sys.statfs(DIRECTORY);
  if (typeof space === "number") return undefined;
  return `${DIRECTORY} has ${space.free} bytes free of ${space.total}, ${size} asked; enlarge it with mount -o remount,size=..., in Docker with --shm-size`;
}

/** Reserves the whole size now, so that a full file system is ENOSPC here and never SIGBUS later. */
export function reserve(fd: number, size: number, attempt: () => Attempt): void {
  const result = sys.fallocate(fd, 0, size);
  if (result >= 0) return;
  const hint = result === -errno.ENOSPC ? spaceHint(size) : undefined;
  throw new IpcError(-result, { ...attempt(), syscall: "posix_fallocate", hint });
}

export interface CreateRequest {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly attempt: () => Attempt;
}

/**
 * Creates the file at once in its final state: reserved, filled by `fill`, and only then named. No opener ever sees a
 * half-made object, and a creator killed half-way leaves nothing. The descriptor; closed if anything fails.
 */
export function createFile(request: CreateRequest, fill: (fd: number) => void): number {
  const { path, size, mode, attempt } = request;
  const nameless = openNameless(mode);
  check(nameless.fd, attempt);
  try {
    check(sys.fchmod(nameless.fd, mode), attempt);
    reserve(nameless.fd, size, attempt);
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

/** Refuses, and closes, what its sender could shrink under us. */
export function checkSeals(fd: number, attempt: () => Attempt): void {
  const seals = sys.getSeals(fd);
  if (seals >= 0 && seals & sys.F_SEAL_SHRINK) return;
  if (seals === -errno.EBADF) throw new IpcError(errno.EBADF, { ...attempt(), syscall: "fcntl" });
  sys.close(fd);
  const hint = "it is not sealed against shrinking; { allowUnsealed: true } trusts its sender";
  throw new IpcError(errno.EPERM, { ...attempt(), syscall: "fcntl", hint });
}

/** Opens an existing file; does not wait for the other end of what turns out to be a FIFO. */
export function openFile(path: string, readOnly: boolean, attempt: () => Attempt): number {
  return check(sys.open(path, (readOnly ? sys.O_RDONLY : sys.O_RDWR) | sys.O_NOFOLLOW | sys.O_NONBLOCK, 0), attempt);
}

/** Removes the name; false when there was none. */
export function unlinkFile(path: string, doing: string): boolean {
  const result = sys.unlink(path);
  if (result === -errno.ENOENT) return false;
  check(result, () => ({ syscall: "shm_unlink", doing, path }));
  return true;
}

/** Whether the name still leads to the file of this descriptor, and not to a successor of the same name. */
export function isStillNamed(path: string, fd: number): boolean {
  const other = sys.open(path, sys.O_RDONLY | sys.O_NOFOLLOW | sys.O_NONBLOCK, 0);
  if (other < 0) return false;
  const [a, b] = [sys.fstat(fd), sys.fstat(other)];
  sys.close(other);
  return typeof a === "object" && typeof b === "object" && a.inode === b.inode && a.device === b.device;
}

/** Tries to open, then to create, until one of them works: both may be raced by others. */
export function openOrCreate<T>(open: () => T, create: () => T): T {
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
