// CopyOut: bytes of mapped memory on their way into arrays of the caller: by a loop where that is faster than `set`.

import { copiesWideWords } from "../sys/compiled.ts";

/** Doubles are for no engine: NaNs lose their bits. A constant of this module, which V8 folds (D34). */
const hasWideWords = copiesWideWords;
const WORD_SHIFT = hasWideWords ? 3 : 2;
const WORD_BYTES = 1 << WORD_SHIFT;
/** Beyond it `set` is faster: a call of 50 ns, and as much again for the view of its source. */
const LOOP_BYTES_MOST = hasWideWords ? 512 : 256;
/** The same for a loop over bytes. */
const BYTEWISE_MOST = 64;

/** The whole words of `bytes`, whatever their kind: they are only ever copied. None where it is not aligned. */
function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array {
  const count = byteOffset % WORD_BYTES === 0 ? Math.floor(byteLength / WORD_BYTES) : 0;
  if (hasWideWords) return new BigUint64Array(buffer, count === 0 ? 0 : byteOffset, count) as unknown as Int32Array;
  return new Int32Array(buffer, count === 0 ? 0 : byteOffset, count);
}

/** Copies out of one memory. Allocates nothing for up to LOOP_BYTES_MOST bytes and the same target as last time. */
export class CopyOut {
  private readonly u8: Uint8Array;
  private readonly words: Int32Array;
  /** The last target and its words: most programs use one again and again. */
  private target: Uint8Array;
  private targetWords: Int32Array;

  /** Out of `u8`, a view that begins where its buffer begins. */
  constructor(u8: Uint8Array) {
    this.u8 = u8;
    this.words = wordsOf(u8);
    this.target = new Uint8Array(0);
    this.targetWords = wordsOf(this.target);
  }

  /** The `length` bytes from `start` on, a multiple of 8, to the start of `target`, which is at least as long. */
  copy(start: number, length: number, target: Uint8Array): void {
    if (length > LOOP_BYTES_MOST) {
      target.set(this.u8.subarray(start, start + length));
      return;
    }
    if (target !== this.target) this.take(target);
    const from = this.words;
    const to = this.targetWords;
    const first = start / WORD_BYTES;
    const count = Math.min(length >> WORD_SHIFT, to.length);
    for (let index = 0; index < count; index++) to[index] = from[first + index] as number;
    if (count * WORD_BYTES < length) this.copyRest(start, count * WORD_BYTES, length, target);
  }

  /** Whether it copies so many bytes by a loop. */
  static isShort(length: number): boolean {
    return length <= LOOP_BYTES_MOST;
  }

  /** The bytes from `done` on: those behind the last whole word, or all where the target is not aligned. */
  private copyRest(start: number, done: number, length: number, target: Uint8Array): void {
    const { u8 } = this;
    if (length - done > BYTEWISE_MOST) target.set(u8.subarray(start + done, start + length), done);
    else for (let index = done; index < length; index++) target[index] = u8[start + index] as number;
  }

  private take(target: Uint8Array): void {
    this.target = target;
    this.targetWords = wordsOf(target);
  }
}
