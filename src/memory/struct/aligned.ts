// aligned(): a field that begins at a multiple of more bytes than its type needs.

import type { Kind } from "./kind.ts";
import { checkAlignment } from "./layout.ts";
import { kindOf } from "./scalar.ts";
import type { ElementType } from "./types.ts";

/** A field's type with an alignment of its own. */
export class Aligned<Type extends ElementType> {
  /** For the struct that holds it: what is aligned, as a kind. @internal */
  readonly kind: Kind;
  /** Bytes. */
  readonly alignment: number;
  /** Only for TypeScript. */
  declare readonly type: Type;

  constructor(kind: Kind, alignment: number) {
    this.kind = kind;
    this.alignment = alignment;
  }
}

/**
 * A field that begins at a multiple of `alignment` bytes: `_Alignas(alignment)` in C. With 64 or 128, words that different
 * processes write stand in cache lines of their own. For fields only: elements of arrays stand side by side.
 *
 * @throws {RangeError} not a power of two, less than the type needs, or more than 4096
 * @example
 * ```ts
 * import { aligned, struct } from "@linux-ipc/core";
 * const Counters = struct({ sent: aligned("u64", 64), received: aligned("u64", 64) });
 * console.log(Counters.offsets.received, Counters.size); // 64 128
 * ```
 */
export function aligned<const Type extends ElementType>(type: Type, alignment: number): Aligned<Type> {
  const kind = kindOf(type, "aligned");
  return new Aligned(kind, checkAlignment(alignment, "the alignment of a field", kind.alignment));
}
