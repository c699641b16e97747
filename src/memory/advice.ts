// Advice to the kernel about mapped memory, and pages made present before they are needed.

import * as sys from "../sys/advice.ts";
import { errno } from "../sys/errno.ts";
import { check, IpcError } from "../sys/error.ts";
import { loadByteOrdered } from "../sys/ordering.ts";
import { demandAbsent } from "./absent_pages.ts";
import { hugePagesHint } from "./huge_pages.ts";
import { type ByteRange, insidePages, type MappedMemory, spanOf, touchedPages } from "./mapped_range.ts";

/** The numbers of madvise(2), the same on both architectures. */
const numbers = {
  normal: 0,
  random: 1,
  sequential: 2,
  willneed: 3,
  dontneed: 4,
  hugepage: 14,
  nohugepage: 15,
  dontdump: 16,
  dodump: 17,
  cold: 20,
  pageout: 21,
  collapse: 25,
} as const;

/**
 * What the kernel is told about memory, in the words of madvise(2).
 *
 * `normal`, `random` and `sequential` set how far a file is read ahead; `willneed` reads ahead now. `dontneed` drops the
 * pages from this process: those of files and shared memory are found again, private anonymous ones are zeros.
 * `hugepage` and `nohugepage` allow and forbid transparent huge pages; `collapse` makes them now. `cold` and `pageout`
 * offer the pages for swapping. `dontdump` and `dodump` keep them out of core dumps or in them.
 */
export type Advice = keyof typeof numbers;

const discarding: readonly Advice[] = ["dontneed", "cold", "pageout"];

const hints: Partial<Record<Advice, string>> = {
  hugepage: "this kernel has no transparent huge pages",
  nohugepage: "this kernel has no transparent huge pages",
  collapse: "no huge page fits in there, or /sys/kernel/mm/transparent_hugepage and the mount option huge= forbid it",
  dontneed: "locked memory cannot be dropped: unlockMemory first",
  cold: "locked memory cannot be swapped: unlockMemory first",
  pageout: "locked memory cannot be swapped: unlockMemory first",
};

/** Of explicit huge pages it is not a lock that is in the way. */
const whenHuge: Partial<Record<Advice, string>> = {
  collapse: "these are huge pages already",
  cold: "huge pages of a pool are never swapped",
  pageout: "huge pages of a pool are never swapped",
};

const hintOf = (advice: Advice, isHuge: boolean): string | undefined =>
  (isHuge ? whenHuge[advice] : undefined) ?? hints[advice];

/**
 * madvise(2): tells the kernel how a part of mapped memory will be used.
 *
 * Advice reaches every page that the range touches, but `dontneed`, `cold` and `pageout` only those that lie wholly in
 * it. It holds for the mapping, not for the file: whoever maps it anew advises anew.
 *
 * @throws {IpcError} EINVAL this kernel or this kind of memory does not know the advice, or the memory is locked;
 * EBADF it is closed; ENOMEM, EAGAIN, EBUSY
 * @throws {RangeError} unknown advice, a range outside the memory
 * @see https://man7.org/linux/man-pages/man2/madvise.2.html
 * @example
 * ```ts
 * import { advise, SharedMemory } from "@linux-ipc/core";
 * const memory = SharedMemory.anonymous({ size: 1 << 20 });
 * advise(memory, "random", { offset: 4096, length: 8192 });
 * console.log(memory.size); // 1048576
 * memory.close();
 * ```
 */
export function advise(memory: MappedMemory, advice: Advice, range: ByteRange = {}): void {
  if (typeof advice !== "string") throw new TypeError(`advice must be a string, not ${typeof advice}`);
  if (!Object.hasOwn(numbers, advice))
    throw new RangeError(`there is no advice "${advice}" (there is ${Object.keys(numbers).join(", ")})`);
  const action = { doing: `advise "${advice}"`, syscall: "madvise" };
  const { address, length } = (discarding.includes(advice) ? insidePages : touchedPages)(memory, range, action);
  const result = sys.madvise(address, length, numbers[advice]);
  const isHuge = memory.pageSize > sys.pageSize(-1);
  check(result, () => ({ ...action, hint: result === -errno.EINVAL ? hintOf(advice, isHuge) : undefined }));
}

/** What prefault does on kernels before 5.14: one access to each page, which changes nothing. The answer makes it one. */
export function touch(memory: MappedMemory, range: ByteRange): number {
  const { start, end } = spanOf(memory, range, { doing: "prefault memory", syscall: "madvise" });
  const { bytes, pageSize, readOnly } = memory;
  let seen = 0;
  for (let offset = Math.floor(start / pageSize) * pageSize; offset < end; offset += pageSize) {
    // Writing to read-only memory would give this process a copy of its own, which no longer sees what others write.
    seen |= readOnly ? loadByteOrdered(bytes, offset) : Atomics.or(bytes, offset, 0);
  }
  return seen;
}

function refusal(memory: MappedMemory, length: number, base: number): string {
  if (memory.pageSize > base) return hugePagesHint(memory.pageSize, length);
  return "the file has become shorter, or its file system is full";
}

/**
 * Makes the pages present now, so that no first access pays for a page fault later. Contents stay as they are.
 *
 * Unlike MAP_POPULATE it tells when a page cannot be had. Read-only memory stays shared with its writers.
 *
 * @throws {IpcError} EFAULT a page cannot be had: the file is shorter, the disk full, no huge page free; ENOMEM
 * there is less memory than that; EBADF the memory is closed
 * @throws {RangeError} a range outside the memory
 * @see https://man7.org/linux/man-pages/man2/madvise.2.html
 * @example
 * ```ts
 * import { AnonymousMemory, prefault } from "@linux-ipc/core";
 * const memory = AnonymousMemory.create({ size: 1 << 20 });
 * prefault(memory);
 * console.log(memory.bytes[12345]); // 0
 * memory.close();
 * ```
 */
export function prefault(memory: MappedMemory, range: ByteRange = {}): void {
  const action = { doing: "prefault memory", syscall: "madvise" };
  const pages = touchedPages(memory, range, action);
  const { address, length } = pages;
  demandAbsent(memory, pages, false, () => action);
  const result = sys.madvise(address, length, memory.readOnly ? sys.MADV_POPULATE_READ : sys.MADV_POPULATE_WRITE);
  if (result >= 0) return;
  if (result === -errno.EINVAL) {
    touch(memory, range);
    return;
  }
  const hint = result === -errno.EFAULT ? refusal(memory, length, sys.pageSize(-1)) : undefined;
  throw new IpcError(-result, { ...action, hint });
}
