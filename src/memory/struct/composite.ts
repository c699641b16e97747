// Composite: what structs and arrays share, accessors and the reading and writing of plain values.

import { Kind, type Place, type Refusal, type Views, type Way } from "./kind.ts";
import {
  type BufferViews,
  checkPlace,
  copyBytes,
  elementsOf,
  type MemoryLike,
  placeIn,
  rangeOf,
  viewsOf,
} from "./memory_like.ts";

/** Nobody asks it: fields and elements refuse in their own names. */
const none: Refusal = {
  toSet: (value) => {
    throw value;
  },
  toGet: (value) => {
    throw value;
  },
};

/** A kind made of others. */
export abstract class Composite<Plain = unknown, Access = unknown, Given = Plain> extends Kind<Plain, Access, Given> {
  private way: Way<Plain, Given> | undefined;
  private spare: BufferViews | undefined;

  /** For `whole`, which keeps it: how plain values are read and written. @internal */
  protected abstract makeWhole(): Way<Plain, Given>;

  /** For what holds it: a new accessor at byte `base`, which may only be moved to aligned places, or anywhere. @internal */
  abstract place(views: Views, base: number, isAligned: boolean): Place;

  /** For `read` and `write`, and for what holds it. @internal */
  whole(): Way<Plain, Given> {
    this.way ??= this.makeWhole();
    return this.way;
  }

  /** What it is called where it stands is of no interest. @internal */
  refusal(): Refusal {
    return none;
  }

  /**
   * An accessor of the bytes from `byteOffset`: reading and writing its properties reads and writes the memory, with
   * plain loads and stores. It stays where it is; `close()` of the memory empties it, and then it throws.
   * It is made in some 50 ns, and as much for each struct or array in it: for many items move one, by `cursor` or
   * `overArray`.
   *
   * @throws {RangeError} the memory ends before; a byte of the buffer that is no multiple of the alignment
   * @throws {TypeError} not memory
   */
  over(memory: MemoryLike | Access, byteOffset: number = 0): Access {
    const range = rangeOf(memory);
    const at = placeIn(range, byteOffset, this as unknown as Kind, "lay");
    checkPlace(at, this as unknown as Kind);
    return this.place(elementsOf(range.buffer), at, true) as Access;
  }

  /**
   * A copy as a plain value, from any `byteOffset`, aligned or not. An accessor is memory, too: `Tick.read(tick)`.
   *
   * @throws {RangeError} the memory ends before; an `asNumber` field that is no exact number
   * @throws {TypeError} not memory
   */
  read(memory: MemoryLike | Access, byteOffset: number = 0): Plain {
    const range = rangeOf(memory);
    const at = placeIn(range, byteOffset, this as unknown as Kind, "read");
    return this.whole().get(viewsOf(range.buffer), at, none);
  }

  /**
   * Writes a whole plain value, to any `byteOffset`, aligned or not. When anything about it is refused, nothing is
   * written; padding becomes zeros. Not atomic: who reads meanwhile may see some of it. Arrays in it may be typed ones,
   * and structs and arrays in it accessors.
   *
   * @throws {TypeError} a field is missing, unknown, or of the wrong kind
   * @throws {RangeError} a value that does not fit; the memory ends before
   */
  write(memory: MemoryLike | Access, byteOffset: number, value: Given | Access): void {
    const range = rangeOf(memory);
    this.put(range.buffer, placeIn(range, byteOffset, this as unknown as Kind, "write"), value);
  }

  /** For `write`, and for accessors: the whole value to byte `at`, or nothing. @internal */
  put(buffer: ArrayBufferLike, at: number, value: unknown): void {
    const scratch = this.spare ?? this.makeScratch();
    this.spare = undefined; // a getter of the user's object may write another struct of this kind
    this.whole().set(scratch, 0, value as Given, none);
    copyBytes(scratch, viewsOf(buffer), at, this.size);
    this.spare = scratch;
  }

  /** Private memory of the kind's size, in which nothing but fields is ever written: its padding stays zero. */
  private makeScratch(): BufferViews {
    return viewsOf(new ArrayBuffer(this.size));
  }
}
