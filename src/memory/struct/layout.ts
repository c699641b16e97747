// How fields lie in a struct: as the C compilers of x86-64 and AArch64 place them, little endian.
//
// struct({ timestamp: "u64", symbolId: "u32", price: "f64", volume: "u32" }), 32 bytes, alignment 8:
//
//    0                       8           12          16                      24          28          32
//    +-----------------------+-----------+-----------+-----------------------+-----------+-----------+
//    |       timestamp       | symbolId  |  padding  |         price         |  volume   |  padding  |
//    +-----------------------+-----------+-----------+-----------------------+-----------+-----------+
//
// A field begins at the next multiple of its alignment; the struct's alignment is the greatest of its fields', and its
// size a multiple of that. Packed: every alignment is 1, but where `aligned` says more.

import type { Placed } from "./calls.ts";
import type { Kind } from "./kind.ts";

/** One struct, array or string has at most 2 GiB - 1. */
export const SIZE_MAX_BYTES = 2 ** 31 - 1;

/** A page: what a mapping is aligned to, and so the most that can be promised. */
export const ALIGNMENT_MAX_BYTES = 4096;

/** A field before it is placed. */
export interface Field {
  readonly name: string;
  readonly kind: Kind;
  /** Bytes, when `aligned` asks for more than the kind needs. */
  readonly alignment?: number;
}

export interface Layout {
  readonly fields: readonly (Placed & Field)[];
  readonly size: number;
  readonly alignment: number;
}

const roundUp = (bytes: number, alignment: number): number => Math.ceil(bytes / alignment) * alignment;

/** Offsets, size and alignment of a struct with these fields. */
export function layOut(fields: readonly Field[], packed: boolean, leastAlignment: number): Layout {
  const placed: (Placed & Field)[] = [];
  let end = 0;
  let greatest = leastAlignment;
  for (const field of fields) {
    const alignment = field.alignment ?? (packed ? 1 : field.kind.alignment);
    const offset = roundUp(end, alignment);
    placed.push({ ...field, offset });
    end = offset + field.kind.size;
    greatest = Math.max(greatest, alignment);
  }
  const size = roundUp(end, greatest);
  if (size > SIZE_MAX_BYTES) throw new RangeError(`a struct has at most ${SIZE_MAX_BYTES} bytes, not ${size}`);
  return { fields: placed, size, alignment: greatest };
}

/** A power of two that a mapping can promise. */
export function checkAlignment(value: unknown, what: string, least: number): number {
  if (typeof value !== "number") throw new TypeError(`${what} must be a number, not ${String(value)}`);
  const isPower = Number.isInteger(value) && value > 0 && (value & (value - 1)) === 0;
  if (isPower && value >= least && value <= ALIGNMENT_MAX_BYTES) return value;
  throw new RangeError(`${what} must be a power of two from ${least} to ${ALIGNMENT_MAX_BYTES}, not ${value}`);
}
