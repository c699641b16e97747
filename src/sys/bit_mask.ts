// Sets of small numbers (processors, NUMA nodes) as the kernel's bit masks, on their way through the scratch block.

import { environment } from "../runtime/environment.ts";

const OFFSET = 8192; // behind the longest path

/** Where a mask travels. */
export function maskAddress(): number {
  return environment().scratchAddress + OFFSET;
}

/** Writes the set as a mask of `size` bytes; its address. */
export function writeMask(numbers: readonly number[], size: number): number {
  const { scratch } = environment();
  scratch.fill(0, OFFSET, OFFSET + size);
  for (const number of numbers) scratch[OFFSET + (number >>> 3)] |= 1 << (number & 7);
  return maskAddress();
}

/** The set that the kernel has written as a mask of `size` bytes. */
export function readMask(size: number): number[] {
  const { scratch } = environment();
  const numbers: number[] = [];
  for (let number = 0; number < size * 8; number++) {
    if (scratch[OFFSET + (number >>> 3)] & (1 << (number & 7))) numbers.push(number);
  }
  return numbers;
}
