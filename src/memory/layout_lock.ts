// The layout lock: while one process lays a structure over shared memory, nobody else does.

import { errno } from "../sys/errno.ts";
import { type Attempt, check, IpcError } from "../sys/error.ts";
import { clockMonotonic } from "../sys/futex.ts";
import { close, lockByte, O_RDWR, open, unlockByte } from "../sys/memory.ts";
import { loadOrdered } from "../sys/ordering.ts";
import { whileOwned } from "../sys/owned.ts";
import type { MemoryRegion } from "./memory_region.ts";
import { coveringLockHint } from "./record_lock.ts";
import { reopeningHint } from "./refusal.ts";

/** Longer than anybody takes to lay the largest structure. It blocks the event loop, so there must be an end. */
const TIMEOUT_MS = 5000;
const PAUSE_MS = 1;

function tooLate(fd: number, byte: number, attempt: () => Attempt): IpcError {
  const stopped = "somebody else has been at it all the time: is that process stopped?";
  const hint = `for ${TIMEOUT_MS} ms ${coveringLockHint(fd, byte) ?? stopped}`;
  return new IpcError(errno.ETIMEDOUT, { ...attempt(), hint });
}

/** F_OFD_SETLK until it works: F_OFD_SETLKW would wait without end, for a stopped process or a stranger's lock. */
function takeByte(fd: number, byte: number, attempt: () => Attempt): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const end = clockMonotonic() + TIMEOUT_MS * 1e6;
  for (;;) {
    const result = lockByte(fd, byte, { wait: false });
    if (result !== -errno.EAGAIN && result !== -errno.EACCES) {
      check(result, attempt);
      return;
    }
    if (clockMonotonic() >= end) throw tooLate(fd, byte, attempt);
    Atomics.wait(sleeper, 0, 0, PAUSE_MS);
  }
}

/** SYNC laid: whoever lays a structure writes its first word last; who sees it there reads the rest of the header. */
function isLaid({ buffer }: MemoryRegion, byteOffset: number): boolean {
  return loadOrdered(new Int32Array(buffer, byteOffset, 1), 0) !== 0;
}

/**
 * Runs `action` while holding the byte at `byteOffset` of the file, where a structure begins that may have to be laid.
 * The kernel drops the lock of a holder that dies, and the shim that of a Worker that is terminated. It is taken by a
 * descriptor of its own, because holders of a shared one would not exclude each other. What is there already is only found,
 * and needs no lock.
 *
 * @throws {IpcError} ETIMEDOUT somebody else has had it for 5 s
 */
export function withLayoutLock<T>(memory: MemoryRegion, byteOffset: number, action: () => T): T {
  if (isLaid(memory, byteOffset)) return action();
  const attempt = () => ({ syscall: "fcntl", doing: `lock the layout of ${memory.name ?? "anonymous memory"}` });
  const fd = open(`/proc/self/fd/${memory.fd}`, O_RDWR, 0);
  check(fd, () => ({ ...attempt(), hint: fd === -errno.EACCES ? reopeningHint(memory.fd) : undefined }));
  const byte = memory.fileOffset + byteOffset;
  try {
    return whileOwned(fd, () => {
      takeByte(fd, byte, attempt);
      try {
        return action();
      } finally {
        unlockByte(fd, byte); // a child that is being started may have the descriptor, too, for some milliseconds
      }
    });
  } finally {
    close(fd);
  }
}
