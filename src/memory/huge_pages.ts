// Huge pages: what may be asked for, what the machine has, and what helps where it has too few.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { kernelNumber, kernelText } from "../sys/kernel_file.ts";

/**
 * Which huge pages are wanted. `"2MB"` and `"1GB"` are taken from the pools that the administrator reserves, or it is
 * an error; `"try"` takes 2 MB pages where there are enough, else ordinary memory with advice for transparent ones.
 */
export type HugePagesRequest = "2MB" | "1GB" | "try";

/** What the memory has got: the size of its huge pages, or `"transparent"` where the kernel may give some by advice. */
export type HugePages = "transparent" | `${number}${"kB" | "MB" | "GB"}`;

/** One of the kernel's pools of huge pages. */
export interface HugePagePool {
  /** Bytes of one page. */
  readonly pageSize: number;
  /** Pages in the pool. */
  readonly total: number;
  /** Pages that a new mapping may have: neither used nor promised. */
  readonly available: number;
}

const KILOBYTES = [64, 2048, 32_768, 524_288, 1_048_576]; // those of x86-64 and aarch64
const requests = { "2MB": 2 ** 21, "1GB": 2 ** 30, try: 2 ** 21 } as const;

export function checkHugePages(value: unknown): HugePagesRequest | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw new TypeError(`hugePages must be a string, not ${typeof value}`);
  if (Object.hasOwn(requests, value)) return value as HugePagesRequest;
  throw new RangeError(`hugePages must be "2MB", "1GB" or "try", not "${value}"`);
}

/** The size in whole pages of what was asked for; the same whether or not "try" gets them. */
export function sizeInPages(size: number, request: HugePagesRequest | undefined): number {
  return request === undefined ? size : Math.ceil(size / requests[request]) * requests[request];
}

/** MAP_HUGE_2MB and so on, for mmap(2) and memfd_create(2) alike. */
export function hugeSizeFlag(pageSize: number): number {
  return Math.log2(pageSize) * 2 ** 26;
}

function sizeName(pageSize: number): Exclude<HugePages, "transparent"> {
  if (pageSize >= 2 ** 30) return `${pageSize / 2 ** 30}GB`;
  return pageSize >= 2 ** 20 ? `${pageSize / 2 ** 20}MB` : `${pageSize / 1024}kB`;
}

/** What memory with pages of this size has, where ordinary memory's are `basePageSize`. */
export function hugePagesOf(pageSize: number, basePageSize: number): HugePages | undefined {
  return pageSize > basePageSize ? sizeName(pageSize) : undefined;
}

const folder = (pageSize: number): string => `/sys/kernel/mm/hugepages/hugepages-${pageSize / 1024}kB`;

function poolOf(pageSize: number): HugePagePool | undefined {
  const [total, free, reserved] = ["nr_hugepages", "free_hugepages", "resv_hugepages"].map((name) =>
    kernelNumber(`${folder(pageSize)}/${name}`),
  );
  if (total === undefined || free === undefined || reserved === undefined) return undefined;
  return { pageSize, total, available: Math.max(0, free - reserved) };
}

/**
 * The pools of huge pages that this kernel has, the smallest pages first; none where it was built without.
 *
 * Pages get into a pool by `/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages`, best soon after the machine has
 * started, while memory is in one piece.
 *
 * @throws {IpcError} EMFILE, ENFILE the kernel's files cannot be opened now
 * @see https://docs.kernel.org/admin-guide/mm/hugetlbpage.html
 * @example
 * ```ts
 * import { hugePagePools } from "@linux-ipc/core";
 * console.log(hugePagePools().every((pool) => pool.available <= pool.total)); // true
 * ```
 */
export function hugePagePools(): HugePagePool[] {
  return KILOBYTES.map((size) => poolOf(size * 1024)).filter((pool) => pool !== undefined);
}

/** Bytes of such pages that may be had: those in the pool, and what it may grow by. Where that is not told, any number. */
export function hugeRoom(pageSize: number): number {
  const pool = poolOf(pageSize);
  if (pool === undefined) return Number.POSITIVE_INFINITY;
  const [most = 0, grown = 0] = ["nr_overcommit_hugepages", "surplus_hugepages"].map((name) =>
    kernelNumber(`${folder(pageSize)}/${name}`),
  );
  return (pool.available + Math.max(0, most - grown)) * pageSize;
}

/** What helps when the kernel has refused so many more bytes of pages of this size. What it says must reach the caller. */
export function hugePagesHint(pageSize: number, length: number): string {
  try {
    return poolHint(pageSize, length);
  } catch (error) {
    if (!(error instanceof IpcError)) throw error;
    return `how many huge pages there are is not known: ${error.message}`;
  }
}

function poolHint(pageSize: number, length: number): string {
  const pool = poolOf(pageSize);
  if (pool === undefined) {
    const sizes = hugePagePools().map((other) => sizeName(other.pageSize));
    return `this kernel has no huge pages of ${sizeName(pageSize)}; it has ${sizes.join(", ") || "none"}`;
  }
  const needed = Math.ceil(length / pageSize);
  const state = `${pool.available} of ${pool.total} huge pages of ${sizeName(pageSize)} are free, ${needed} needed`;
  const more = `echo ${pool.total + needed - pool.available} > ${folder(pageSize)}/nr_hugepages`;
  if (needed <= pool.available)
    return `${state}; a limit of the control group, the NUMA node or the mount refuses them`;
  return `${state}; as root: ${more}`;
}

/** Whether the setting allows transparent huge pages by advice; it may be unreadable, which forbids nothing. */
export function mayBeTransparent(setting: "enabled" | "shmem_enabled"): boolean {
  try {
    return !/\[(never|deny)\]/.test(kernelText(`/sys/kernel/mm/transparent_hugepage/${setting}`) ?? "");
  } catch {
    return true; // no descriptor is left to read it, and such memory needs none
  }
}

/** Refusals of explicit huge pages after which ordinary memory may still be had; ENODEV: none of this size, memfd_create(2). */
const refusals = ["ENOMEM", "ENOSPC", "EFAULT", "EINVAL", "ENODEV", "ENOSYS", "EPERM", "EOPNOTSUPP"].map(
  (code) => errno[code],
);

/** Makes memory with huge pages as asked: `explicit` with their size, or `ordinary`, with advice when it stands in. */
export function withHugePages<T>(
  request: HugePagesRequest | undefined,
  explicit: (pageSize: number) => T,
  ordinary: (options: { isAdvised: boolean }) => T,
): T {
  if (request === undefined) return ordinary({ isAdvised: false });
  try {
    return explicit(requests[request]);
  } catch (error) {
    if (request === "try" && error instanceof IpcError && refusals.includes(error.errno))
      return ordinary({ isAdvised: true });
    throw error;
  }
}
