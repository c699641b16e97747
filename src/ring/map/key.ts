// Keys on their way into a map: as UTF-8 bytes, and their hash.

import * as layout from "./layout.ts";

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

/** One key, in memory of this process, zeros up to a whole word behind it. Encoding allocates nothing for ASCII keys. */
export class KeyText {
  readonly words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #size: number;
  /** Bytes of the key. */
  length = 0;
  /** Words of the key. */
  count = 0;
  hash = 0;

  /** For keys of at most `size` bytes. */
  constructor(size: number) {
    this.#size = size;
    this.words = new Int32Array(Math.ceil(size / 4));
    this.#bytes = new Uint8Array(this.words.buffer);
  }

  /**
   * Takes `key`.
   *
   * @throws {TypeError} no string, or half a surrogate pair in it, for which UTF-8 has no bytes
   * @throws {RangeError} longer than the keys of the map
   */
  set(key: string): void {
    if (typeof key !== "string") throw new TypeError(`a key must be a string, not ${typeof key}`);
    const { words } = this;
    const { length } = key;
    if (length > this.#size) this.#refuse(key);
    let hash = 0;
    let word = 0;
    let all = 0;
    for (let index = 0; index < length; index++) {
      const code = key.charCodeAt(index);
      all |= code;
      word |= code << ((index & 3) << 3);
      if ((index & 3) !== 3) continue;
      words[index >> 2] = word;
      hash = mix(hash, word);
      word = 0;
    }
    if (all > 127) {
      this.#encode(key);
      return;
    }
    if ((length & 3) !== 0) {
      words[length >> 2] = word;
      hash = mix(hash, word);
    }
    this.length = length;
    this.count = (length + 3) >> 2;
    this.hash = finish(hash, length);
  }

  /** Whether it is the key of the slot at this index. */
  isAt(i32: Int32Array, at: number): boolean {
    if (i32[at + layout.HASH / 4] !== this.hash || i32[at + layout.KEY_LENGTH / 4] !== this.length) return false;
    const { words, count } = this;
    for (let index = 0; index < count; index++) {
      if (i32[at + layout.KEY / 4 + index] !== words[index]) return false;
    }
    return true;
  }

  #encode(key: string): void {
    if (!key.isWellFormed()) throw new TypeError("a key must not hold half a surrogate pair");
    const { read, written } = encoder.encodeInto(key, this.#bytes);
    if (read < key.length || written > this.#size) this.#refuse(key);
    this.length = written;
    this.count = (written + 3) >> 2;
    this.#bytes.fill(0, written, this.count * 4);
    this.hash = hashWords(this.words, this.count, written);
  }

  #refuse(key: string): never {
    const length = encoder.encode(key).length;
    throw new RangeError(`a key of this map has at most ${this.#size} bytes in UTF-8, not ${length}`);
  }
}
