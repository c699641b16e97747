// Why a file was refused, somebody else's or a new one, and what helps: hints, sought only after an error.

import { errno } from "../sys/errno.ts";
import { kernelText } from "../sys/kernel_file.ts";
import * as sys from "../sys/memory.ts";

const PERMISSIONS = 0o7777;
const OWNER_MAY_READ = 0o400;

/** The status of what has the name, for which the way to it is enough; undefined where that is closed, too. */
function statusOf(path: string): sys.FileStatus | undefined {
  const fd = sys.open(path, sys.O_PATH, 0);
  if (fd < 0) return undefined;
  const status = sys.fstat(fd);
  sys.close(fd);
  return typeof status === "object" ? status : undefined;
}

/**
 * Whether somebody else's file may be opened so, without doing it: closing it again would drop this process's record locks
 * of kind "posix". O_NOATIME is its owner's alone, and is refused (EPERM) only when all else is allowed.
 */
function mayOpen(path: string, access: number): boolean {
  const fd = sys.open(path, access | sys.O_NOATIME | sys.O_NONBLOCK, 0);
  if (fd >= 0) sys.close(fd);
  return fd >= 0 || fd === -errno.EPERM;
}

/** By whose rights this process opens files. Not process.geteuid: Deno wants a permission for that, or asks the terminal. */
function ownUser(): number {
  return Number(/^Uid:\s+\d+\s+(\d+)/m.exec(kernelText("/proc/self/status") ?? "")?.[1]);
}

function mayRead(path: string, { owner, mode }: sys.FileStatus): boolean {
  return owner === ownUser() ? (mode & OWNER_MAY_READ) !== 0 : mayOpen(path, sys.O_RDONLY);
}

/** What to say of a file that may not be opened; `offersReadOnly`: whether it was to be written, and need not be. */
export function accessHint(result: number, path: string, offersReadOnly: boolean): string | undefined {
  const status = result === -errno.EACCES ? statusOf(path) : undefined;
  if (status === undefined) return undefined;
  if (offersReadOnly && mayRead(path, status)) return "you may only read it: open it with { readOnly: true }";
  const mode = (status.mode & PERMISSIONS).toString(8).padStart(4, "0");
  return `it belongs to user ${status.owner} and has mode ${mode}; its creator can give another mode`;
}

/**
 * What to say of an open file that may not be opened once more, for a lock of its own: by a process that has given up its
 * rights since (setuid), or that has been given the descriptor by somebody who has more.
 */
export function reopeningHint(fd: number): string | undefined {
  const whose = accessHint(-errno.EACCES, `/proc/self/fd/${fd}`, false);
  return whose && `its file must be opened once more; ${whose}`;
}

/**
 * What to say of a file that may be written, but not opened by a call that would also create it: somebody else's in a
 * directory like /tmp, where the system protects programs from files that were put in their way (fs.protected_regular).
 */
export function stickyHint(result: number, path: string): string | undefined {
  if (result !== -errno.EACCES || !mayOpen(path, sys.O_RDWR)) return undefined;
  return "it is there, and its directory is sticky: open it without { create: true }";
}

/** By which a file without a name is given one. */
const OWN_DESCRIPTORS = "/proc/self/fd";

/** What to say where a new file could not be made: `ifTaken` of its name, or what is missing for it. */
export function creationHint(result: number, directory: string, ifTaken: string): string | undefined {
  if (result === -errno.EEXIST) return ifTaken;
  if (result === -errno.ENOSPC) return `no room for one file more: see df -i ${directory}, it may have no inode left`;
  if (result !== -errno.ENOENT) return undefined;
  const missing = [directory, OWN_DESCRIPTORS].find((path) => sys.lstat(path) === -errno.ENOENT);
  if (missing === OWN_DESCRIPTORS) return `there is no ${missing}, by which a file gets its name: /proc is not mounted`;
  return missing && `there is no directory ${missing}`;
}

/** What a file system that has no such thing answers, and a seccomp profile that refuses it. */
export const isRefused = (result: number): boolean => [errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP].includes(-result);

/** What to say where a file that is our own could not be given its mode (fchmod(2)) or its name (linkat(2)). */
export function poorHint(result: number, syscall: string, help: string | undefined): string | undefined {
  if (!isRefused(result)) return undefined;
  const what = syscall === "linkat" ? "hard links, which give a new file its name" : "permission bits";
  const why = `this file system, as FAT, has no ${what}, or a seccomp profile refuses ${syscall}(2)`;
  return help === undefined ? why : `${why}; ${help}`;
}

/** What to say of a name that may not be removed: in a directory like /dev/shm or /tmp (sticky) it is its owner's. */
export function removalHint(result: number, path: string): string | undefined {
  const status = result === -errno.EPERM ? statusOf(path) : undefined;
  return status && `only its owner may remove it, user ${status.owner}`;
}
