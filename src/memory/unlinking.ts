// Unlinking: removing the name of a file in /dev/shm, and never that of a successor.
//
// No call removes a name only if it still leads to a certain file. Who looks, and removes what it has seen, removes what
// others have made under that name in between, if somebody else has removed the old one first. So whoever removes names
// here does it with a lock on the file that it looked at, one byte behind all that files can have.

import { errno } from "../sys/errno.ts";
import { check } from "../sys/error.ts";
import * as sys from "../sys/memory.ts";
import { whileLocking, whileOwned } from "../sys/owned.ts";
import { takeByte } from "./record_lock.ts";
import { removalHint } from "./refusal.ts";

const NAME_BYTE = 2 ** 52;
/** So often others have removed the name, and made a new file, while we opened the one before. */
const ATTEMPTS_MOST = 100;

const takeName = (fd: number): boolean => takeByte(fd, NAME_BYTE);

/** Whether the name still leads to the file of this descriptor, and not to a successor of the same name. */
function isStillNamed(path: string, fd: number): boolean {
  const [a, b] = [sys.fstat(fd), sys.lstat(path)];
  return typeof a === "object" && typeof b === "object" && a.inode === b.inode && a.device === b.device;
}

/**
 * Removes the name of the file of this descriptor, if that one still has it. For those who close: where the name may not be
 * removed (somebody else's, in a sticky directory) it stays, and nothing is said, since `using` would hide what was thrown before.
 */
export function unlinkOwn(path: string, fd: number): void {
  whileLocking(fd, () => {
    const isLocked = takeName(fd);
    if (isStillNamed(path, fd)) sys.unlink(path);
    if (isLocked) sys.unlockByte(fd, NAME_BYTE); // the descriptor may be shared, and the lock with it
  });
}

/** With the lock of the file that has the name now: 0 or -errno; undefined where others were faster with that file. */
function tryUnlink(path: string): number | undefined {
  const fd = sys.open(path, sys.O_RDWR | sys.O_NOFOLLOW | sys.O_NONBLOCK, 0);
  if (fd < 0) return sys.unlink(path); // it may not be opened, or there is none
  const result = whileOwned(fd, () => (takeName(fd) && !isStillNamed(path, fd) ? undefined : sys.unlink(path)));
  sys.close(fd);
  return result;
}

function unlinkLocked(path: string): number {
  for (let attempts = 0; attempts < ATTEMPTS_MOST; attempts++) {
    const result = tryUnlink(path);
    if (result !== undefined) return result;
  }
  return sys.unlink(path);
}

/** Removes the name, whatever has it; false when there was none. */
export function unlinkFile(path: string, doing: string): boolean {
  const result = unlinkLocked(path);
  if (result === -errno.ENOENT) return false;
  check(result, () => ({ syscall: "shm_unlink", doing, path, hint: removalHint(result, path) }));
  return true;
}
