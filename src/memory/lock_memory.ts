// Memory that never leaves: locked against swapping, and present from the start.

import * as sys from "../sys/advice.ts";
import { errno } from "../sys/errno.ts";
import { check, IpcError } from "../sys/error.ts";
import { MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, mmap, munmap, PROT_NONE } from "../sys/memory.ts";
import { checkBoolean, checkOptions } from "../sys/validate.ts";
import { demandAbsent } from "./absent_pages.ts";
import { prefault } from "./advice.ts";
import { type ByteRange, type MappedMemory, touchedPages } from "./mapped_range.ts";

/** How `lockMemory` locks. */
export interface LockMemoryOptions extends ByteRange {
  /** Lock each page when it is first touched, and make none present now; false unless said. */
  onFault?: boolean | undefined;
}

function hint(): string {
  const limit = sys.resourceLimit(sys.RLIMIT_MEMLOCK);
  const may = Number.isFinite(limit) ? `${limit} bytes` : "any number of bytes";
  return `this process may lock ${may}; raise it with ulimit -l, LimitMEMLOCK= or docker --ulimit memlock=-1, or give it CAP_IPC_LOCK`;
}

function demand(result: number, syscall: string, doing: string): void {
  if (result >= 0) return;
  const isLimit = [errno.ENOMEM, errno.EPERM, errno.EAGAIN].includes(-result);
  throw new IpcError(-result, { syscall, doing, hint: isLimit ? hint() : undefined });
}

/**
 * mlock(2): keeps pages in memory, never swapped, and makes them present now.
 *
 * Every page that the range touches is locked until `unlockMemory` or until the memory closes; locks do not nest.
 * Read-only memory stays shared with its writers, which plain mlock(2) would end.
 *
 * @throws {IpcError} ENOMEM, EAGAIN more than this process may lock, or than there is memory; EPERM it may lock nothing; EBADF the memory is
 * closed; EFAULT a page cannot be had
 * @throws {RangeError} a range outside the memory
 * @see https://man7.org/linux/man-pages/man2/mlock.2.html
 * @example
 * ```ts
 * import { lockMemory, SharedMemory, unlockMemory } from "@linux-ipc/core";
 * const memory = SharedMemory.anonymous({ size: 4096 });
 * lockMemory(memory);
 * unlockMemory(memory);
 * memory.close();
 * ```
 */
export function lockMemory(memory: MappedMemory, options: LockMemoryOptions = {}): void {
  checkOptions(options, ["offset", "length", "onFault"], "lockMemory");
  const { onFault = false, ...range } = options;
  checkBoolean(onFault, "onFault");
  const doing = "lock memory";
  const action = { doing, syscall: "mlock" };
  const pages = touchedPages(memory, range, action);
  const { address, length } = pages;
  if (!onFault) demandAbsent(memory, pages, true, () => action);
  // Always on fault: mlock makes private writable pages present by copying them, and read-only memory is mapped so.
  demand(sys.mlock(address, length, sys.MLOCK_ONFAULT), "mlock", doing);
  if (onFault) return;
  try {
    prefault(memory, range);
  } catch (error) {
    sys.munlock(address, length);
    throw error;
  }
}

/**
 * Refuses, before a file is made longer, what could not be locked then. It locks as many bytes of nothing, on fault, so
 * that no page is taken.
 */
export function demandLockable(length: number): void {
  const doing = "lock memory";
  const kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  const address = check(mmap(length, PROT_NONE, kind, -1, 0), () => ({ syscall: "mmap", doing }));
  const result = sys.mlock(address, length, sys.MLOCK_ONFAULT);
  munmap(address, length);
  demand(result, "mlock", doing);
}

/**
 * munlock(2): every page that the range touches may be swapped again. Not an error where none was locked.
 *
 * @throws {IpcError} EBADF the memory is closed
 * @throws {RangeError} a range outside the memory
 * @see https://man7.org/linux/man-pages/man2/mlock.2.html
 */
export function unlockMemory(memory: MappedMemory, range: ByteRange = {}): void {
  const doing = "unlock memory";
  const { address, length } = touchedPages(memory, range, { doing, syscall: "munlock" });
  demand(sys.munlock(address, length), "munlock", doing);
}

/**
 * mlockall(2): keeps everything in memory that this process touches from now on, and what it has touched already.
 *
 * Pages are locked as they are touched: a runtime reserves far more than it uses, and what must be present from the
 * start is for `prefault`. Holds for the whole process, until `unlockProcessMemory`. V8 would abort where it cannot drop
 * a page that is locked, so madvise(2) of the program and of its libraries is replaced: there it drops locked pages, too.
 *
 * @throws {IpcError} ENOMEM, EPERM this process may not lock as much as it has mapped; ENOTSUP V8 in a program that is
 * linked statically
 * @see https://man7.org/linux/man-pages/man2/mlock.2.html
 * @example
 * ```ts
 * // not run: needs CAP_IPC_LOCK or an unlimited RLIMIT_MEMLOCK
 * import { lockProcessMemory } from "@linux-ipc/core";
 * lockProcessMemory();
 * ```
 */
export function lockProcessMemory(): void {
  demand(sys.mlockall(sys.MCL_CURRENT | sys.MCL_FUTURE | sys.MCL_ONFAULT), "mlockall", "lock this process's memory");
}

/**
 * munlockall(2): ends every lock on this process's memory, those of `lockMemory` too.
 *
 * @see https://man7.org/linux/man-pages/man2/mlock.2.html
 */
export function unlockProcessMemory(): void {
  demand(sys.munlockall(), "munlockall", "unlock this process's memory");
}
