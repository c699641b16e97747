// Record locks of strangers: participants and layouts are locked byte by byte, and a lock over the file is in their way.

import { BY_DESCRIPTION, EXCLUSIVE, fileLockTest, UNLOCK } from "../sys/file_lock.ts";

/** What to say of a lock over `byte` of the file that is longer than this byte, as ours are; undefined where none is. */
export function coveringLockHint(fd: number, byte: number): string | undefined {
  const found = fileLockTest(fd, BY_DESCRIPTION + EXCLUSIVE, byte, 1);
  if (typeof found === "number" || found.type === UNLOCK || found.length === 1) return undefined;
  const { start, length, pid } = found;
  const bytes = length === 0 ? `all bytes from ${start} on` : `bytes ${start} to ${start + length}`;
  const whose = pid > 0 ? ` of process ${pid}` : "";
  return `a record lock${whose} covers ${bytes} of the file: lock it by kind "flock", or lock a file of its own`;
}
