// Record locks on one byte of a file, and those of strangers: a lock over the file is in their way.

import { errno } from "../sys/errno.ts";
import { BY_DESCRIPTION, EXCLUSIVE, fileLockTest, UNLOCK } from "../sys/file_lock.ts";
import { lockByte } from "../sys/memory.ts";

const PAUSE_MS = 1;
/** Whoever has the lock is out after a few system calls, unless it is stopped: then we go on without it. */
const PAUSES_MOST = 1000;

/** What to say of a lock over `byte` of the file that is longer than this byte, as ours are; undefined where none is. */
export function coveringLockHint(fd: number, byte: number): string | undefined {
  const found = fileLockTest(fd, BY_DESCRIPTION + EXCLUSIVE, byte, 1);
  if (typeof found === "number" || found.type === UNLOCK || found.length === 1) return undefined;
  const { start, length, pid } = found;
  const bytes = length === 0 ? `all bytes from ${start} on` : `bytes ${start} to ${start + length}`;
  const whose = pid > 0 ? ` of process ${pid}` : "";
  return `a record lock${whose} covers ${bytes} of the file: lock it by kind "flock", or lock a file of its own`;
}

/** Whether the lock of this byte is ours now. A stranger's, over all of the file, is not waited for. */
export function takeByte(fd: number, byte: number): boolean {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let pauses = 0; pauses < PAUSES_MOST; pauses++) {
    const result = lockByte(fd, byte, { wait: false });
    if (result !== -errno.EAGAIN && result !== -errno.EACCES) return result >= 0;
    if (coveringLockHint(fd, byte) !== undefined) return false;
    Atomics.wait(sleeper, 0, 0, PAUSE_MS);
  }
  return false;
}
