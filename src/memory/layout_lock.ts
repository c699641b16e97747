// The layout lock: while one process lays a structure over shared memory, nobody else does.

import { check } from "../sys/error.ts";
import { close, lockByte, O_RDWR, open } from "../sys/memory.ts";
import type { MemoryRegion } from "./memory_region.ts";

/**
 * Runs `action` while holding the byte at `byteOffset` of the file. The kernel drops the lock of a holder that dies. It
 * is taken by a descriptor of its own, because holders of a shared one would not exclude each other.
 */
export function withLayoutLock<T>(memory: MemoryRegion, byteOffset: number, action: () => T): T {
  const attempt = () => ({ syscall: "fcntl", doing: `lock the layout of ${memory.name ?? "anonymous memory"}` });
  const fd = check(open(`/proc/self/fd/${memory.fd}`, O_RDWR, 0), attempt);
  try {
    check(lockByte(fd, memory.fileOffset + byteOffset, { wait: true }), attempt);
    return action();
  } finally {
    close(fd);
  }
}
