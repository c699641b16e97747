// Keys on their way into a map: as UTF-8 bytes, and their hash.

import * as layout from "./layout.ts";

// Imported bindings are variables to V8, 2 ns a use; constants of this module are folded (D34).
const HASH_WORD = layout.HASH / 4;
const LENGTH_WORD = layout.KEY_LENGTH / 4;
const KEY_WORD = layout.KEY / 4;

const encoder = new TextEncoder();

/** One round of MurmurHash3 (x86, 32 bits). */
function mix(hash: number, word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  const next = hash ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0;
}

/** The end of MurmurHash3. */
function finish(hash: number, length: number): number {
  let end = hash ^ length;
  end = Math.imul(end ^ (end >>> 16), 0x85ebca6b);
  end = Math.imul(end ^ (end >>> 13), 0xc2b2ae35);
  return end ^ (end >>> 16);
}

/** MurmurHash3, seed 0, of `count` whole words, of which `length` bytes are text and the rest zeros. */
export function hashWords(words: Int32Array, count: number, length: number): number {
  let hash = 0;
  for (let index = 0; index < count; index++) hash = mix(hash, words[index] as number);
  return finish(hash, length);
}

/** One key, as bytes in memory of this process, zeros up to a whole word behind it. Allocates nothing for ASCII keys. */
export class KeyText {
  /** The words of the key, and whatever stands behind them. */
  readonly words: Int32Array;
  /** Bytes of the key. */
  length = 0;
  /** Words of the key. */
  count = 0;
  hash = 0;
  private readonly size: number = 0;
  private readonly bytes: Uint8Array;

  /** For keys of at most `size` bytes. */
  constructor(size: number) {
    this.size = size;
    this.words = new Int32Array(Math.ceil(size / 4));
    this.bytes = new Uint8Array(this.words.buffer);
  }

  /**
   * Takes `key`.
   *
   * @throws {TypeError} no string, or half a surrogate pair in it, for which UTF-8 has no bytes
   * @throws {RangeError} longer than the keys of the map
   */
  set(key: string): void {
    if (typeof key !== "string") throw new TypeError(`a key must be a string, not ${typeof key}`);
    const { length } = key;
    if (length > this.size) this.refuse(key);
    const { words } = this;
    const whole = length & ~3;
    let hash = 0;
    let all = 0;
    // Four characters a step: V8 asks of each by which kind of string it is read, 2 ns, and here does so side by side.
    for (let index = 0; index < whole; index += 4) {
      const first = key.charCodeAt(index);
      const second = key.charCodeAt(index + 1);
      const third = key.charCodeAt(index + 2);
      const fourth = key.charCodeAt(index + 3);
      all |= first | second | third | fourth;
      const word = first | (second << 8) | (third << 16) | (fourth << 24);
      words[index >> 2] = word;
      hash = mix(hash, word);
    }
    if (whole < length) {
      let word = 0;
      for (let index = whole; index < length; index++) {
        const code = key.charCodeAt(index);
        all |= code;
        word |= code << ((index & 3) << 3);
      }
      words[whole >> 2] = word;
      hash = mix(hash, word);
    }
    if (all > 127) {
      this.setWide(key);
      return;
    }
    this.length = length;
    this.count = (length + 3) >> 2;
    this.hash = finish(hash, length);
  }

  /** Whether it is the key of the slot at this index. */
  isAt(i32: Int32Array, at: number): boolean {
    if (i32[at + HASH_WORD] !== this.hash || i32[at + LENGTH_WORD] !== this.length) return false;
    const { words, count } = this;
    for (let index = 0; index < count; index++) {
      if (i32[at + KEY_WORD + index] !== words[index]) return false;
    }
    return true;
  }

  private setWide(key: string): void {
    if (!key.isWellFormed()) throw new TypeError("a key must not hold half a surrogate pair");
    const { read, written } = encoder.encodeInto(key, this.bytes);
    if (read < key.length || written > this.size) this.refuse(key);
    this.length = written;
    this.count = (written + 3) >> 2;
    this.bytes.fill(0, written, this.count * 4);
    this.hash = hashWords(this.words, this.count, written);
  }

  private refuse(key: string): never {
    const length = encoder.encode(key).length;
    throw new RangeError(`a key of this map has at most ${this.size} bytes in UTF-8, not ${length}`);
  }
}
