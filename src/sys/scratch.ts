// Strings and structs on their way to the shim: they travel in the environment's scratch block.

import { environment } from "../runtime/environment.ts";

const encoder = new TextEncoder();

/** Writes a NUL-terminated string into the scratch block and returns its address, good until the next call. */
export function scratchText(text: string, offset = 0): number {
  const { scratch, scratchAddress } = environment();
  const { read, written } = encoder.encodeInto(text, scratch.subarray(offset, scratch.length - 1));
  if (read < text.length) throw new RangeError(`Cannot pass a path of ${text.length} characters to the kernel`);
  if (text.includes("\0")) throw new TypeError("Cannot pass text that holds a NUL character to the kernel");
  scratch[offset + written] = 0;
  return scratchAddress + offset;
}

const STRUCTS = 4096 * 2; // behind the longest path

/** Writes pairs of doubles into the scratch block and returns their address, good until the next call. */
export function scratchPairs(pairs: readonly (readonly [number, number])[]): number {
  const { scratchView, scratchAddress } = environment();
  pairs.forEach(([first, second], index) => {
    scratchView.setFloat64(STRUCTS + index * 16, first, true);
    scratchView.setFloat64(STRUCTS + index * 16 + 8, second, true);
  });
  return scratchAddress + STRUCTS;
}

/** Calls `fill` with the address of room for `count` doubles and returns its result and the doubles. */
export function scratchDoubles(count: number, fill: (address: number) => number): { result: number; values: number[] } {
  const { scratchView, scratchAddress } = environment();
  const result = fill(scratchAddress + STRUCTS);
  const values = Array.from({ length: count }, (_, index) => scratchView.getFloat64(STRUCTS + index * 8, true));
  return { result, values };
}
