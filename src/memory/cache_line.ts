// Cache lines: how long they are here, and how to keep things on lines of their own.

import { kernelNumber } from "../sys/kernel_file.ts";
import { checkInteger } from "../sys/validate.ts";

const USUAL_BYTES = 64;
let known: number | undefined;

/**
 * Bytes that this machine's processors move between each other at once; 64 where the kernel does not tell.
 *
 * Words that different processes write belong on different lines. Rings and locks of this library keep 128 bytes apart,
 * because processors fetch lines in pairs.
 *
 * @throws {IpcError} EMFILE, ENFILE the kernel's file cannot be opened now
 * @example
 * ```ts
 * import { alignUp, cacheLineSize } from "@linux-ipc/core";
 * console.log(alignUp(1) === cacheLineSize()); // true
 * console.log(alignUp(100, 64), alignUp(128, 64)); // 128 128
 * ```
 */
export function cacheLineSize(): number {
  known ??= kernelNumber("/sys/devices/system/cpu/cpu0/cache/index0/coherency_line_size") || USUAL_BYTES;
  return known;
}

/**
 * The next multiple of `alignment`, or `bytes` itself where it is one. `alignment` is the cache line unless said.
 *
 * @throws {RangeError} not whole numbers, or an alignment below 1
 */
export function alignUp(bytes: number, alignment: number = cacheLineSize()): number {
  checkInteger(alignment, "alignment", 1, 2 ** 40);
  checkInteger(bytes, "bytes", 0, Number.MAX_SAFE_INTEGER - alignment);
  return bytes + ((alignment - (bytes % alignment)) % alignment);
}
