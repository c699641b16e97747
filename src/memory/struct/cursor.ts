// Cursor: one accessor of a struct that moves over memory by byte offsets, without allocation.

import type { Kind, Place } from "./kind.ts";
import { checkPlace, placeIn, rangeOf } from "./memory_like.ts";
import { ownCopy } from "./own_copy.ts";
import { show } from "./refuse.ts";

/** One accessor that can be moved. Made by `Tick.cursor(memory)`. */
export interface Cursor<Access> {
  /**
   * Moves the accessor to a byte of the memory, and gives it: always the same object.
   *
   * @throws {RangeError} the struct does not fit there, or is not aligned there
   * @throws {TypeError} not a number
   */
  seek(byteOffset: number): Access;
}

/** Each struct has its own copy, see own_copy.ts. */
const movers = () =>
  class {
    readonly $place: Place;
    readonly $start: number;
    readonly $last: number;
    readonly $mask: number;
    readonly $fail: (byteOffset: unknown) => never;

    constructor(place: Place, { start, last, alignment, fail }: Track) {
      this.$place = place;
      this.$start = start;
      this.$last = last;
      this.$mask = alignment - 1;
      this.$fail = fail;
    }

    seek(byteOffset: number): unknown {
      const at = this.$start + byteOffset;
      const isWithin = Number.isInteger(byteOffset) && byteOffset >= 0 && byteOffset <= this.$last;
      if (!isWithin || (at & this.$mask) !== 0) this.$fail(byteOffset);
      const place = this.$place;
      place.$base = at;
      return place;
    }
  };

/** Where a cursor may go: from byte `start` of the buffer, by 0 to `last` bytes. */
interface Track {
  readonly start: number;
  readonly last: number;
  readonly alignment: number;
  readonly fail: (byteOffset: unknown) => never;
}

export type CursorClass = ReturnType<typeof movers>;

export function cursorClass(): CursorClass {
  return ownCopy(movers);
}

/** The bytes over which a struct's cursor moves. */
export function trackOf(memory: unknown, kind: Kind): Track {
  const { start, length } = rangeOf(memory);
  const fail = (byteOffset: unknown): never => {
    checkPlace(placeIn(rangeOf(memory), byteOffset as number, kind, "move"), kind); // as it is now: it may be closed
    throw new RangeError(`Cannot move ${kind.label} to byte ${show(byteOffset)}`);
  };
  return { start, last: length - kind.size, alignment: kind.alignment, fail };
}
