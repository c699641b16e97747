// Composite: what structs and arrays share, accessors and the reading and writing of plain values.

import { type Item, Kind } from "./kind.ts";
import { checkPlace, copyBytes, type MemoryLike, part, viewsOf } from "./memory_like.ts";

/** A kind made of others. */
export abstract class Composite<Plain = unknown, Access = Plain> extends Kind<Plain, Access> {
  #spare: Item | undefined;

  /** For `write`: sets the value part by part; may stop half-way, so only ever into private memory. @internal */
  abstract fill(item: Item, value: unknown): void;

  /**
   * An accessor of the bytes from `byteOffset`: reading and writing its properties reads and writes the memory, with
   * plain loads and stores. It stays where it is; `close()` of the memory empties it, and then it throws.
   *
   * @throws {RangeError} the memory ends before; a byte of the buffer that is no multiple of the alignment
   * @throws {TypeError} not memory
   */
  over(memory: MemoryLike | Access, byteOffset: number = 0): Access {
    const range = part(memory, byteOffset, this as unknown as Kind, "lay");
    checkPlace(range, this as unknown as Kind);
    return this.place(viewsOf(range.buffer), range.start).$item as Access;
  }

  /**
   * A copy as a plain value, from any `byteOffset`, aligned or not. An accessor is memory, too: `Tick.read(tick)`.
   *
   * @throws {RangeError} the memory ends before; an `asNumber` field that is no exact number
   * @throws {TypeError} not memory
   */
  read(memory: MemoryLike | Access, byteOffset: number = 0): Plain {
    const { buffer, start } = part(memory, byteOffset, this as unknown as Kind, "read");
    return this.plain(this.place(viewsOf(buffer), start).$item as Access);
  }

  /**
   * Writes a whole plain value, to any `byteOffset`, aligned or not. When anything about it is refused, nothing is
   * written; padding becomes zeros. Not atomic: who reads meanwhile may see some of it.
   *
   * @throws {TypeError} a field is missing, unknown, or of the wrong kind
   * @throws {RangeError} a value that does not fit; the memory ends before
   */
  write(memory: MemoryLike | Access, byteOffset: number, value: Plain | Access): void {
    const { buffer, start } = part(memory, byteOffset, this as unknown as Kind, "write");
    const scratch = this.#spare ?? this.#makeScratch();
    this.#spare = undefined; // a getter of the user's object may write another struct of this kind
    try {
      this.fill(scratch, value);
      copyBytes(scratch.$view, 0, viewsOf(buffer).$view, start, this.size);
    } finally {
      this.#spare = scratch;
    }
  }

  /** Private memory of the kind's size, in which nothing but fields is ever written: its padding stays zero. */
  #makeScratch(): Item {
    return this.place(viewsOf(new ArrayBuffer(this.size)), 0);
  }
}
