// Keys on their way into a map: as UTF-8 bytes, and their hash.

import { looksUpFaster } from "../../sys/compiled.ts";
import * as layout from "./layout.ts";

// Imported bindings are variables to V8, 2 ns a use; constants of this module are folded (D34).
const HASH_WORD = layout.HASH / 4;
const LENGTH_WORD = layout.KEY_LENGTH / 4;
const KEY_WORD = layout.KEY / 4;

const remembers = looksUpFaster;

const encoder = new TextEncoder();
const NO_WORDS = new Int32Array(0);

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

/** Words of remembered keys, 256 KiB: some 10,000 short ones. */
const REMEMBERED_WORDS = 2 ** 16;
/** Of the keys that are not known one in so many is remembered: a stream of keys that never come again costs little. */
const STRANGERS = 4;

/**
 * One key, as bytes in memory of this process, zeros up to a whole word behind it. Where that is faster it remembers keys
 * that it has met. Allocates nothing for ASCII keys but what it remembers.
 */
export class KeyText {
  /** Where the words of the key stand: from index `first` on. */
  words: Int32Array;
  first = 0;
  /** Bytes of the key. */
  length = 0;
  /** Words of the key. */
  count = 0;
  hash = 0;
  private readonly size: number;
  /** The key of a call, where it is not remembered. */
  private readonly own: Int32Array;
  private readonly ownBytes: Uint8Array;
  /** For each remembered key: hash, length, words; and its index there. */
  private remembered: Int32Array = NO_WORDS;
  private readonly places = new Map<string, number>();
  private used = 0;
  private strangers = 0;

  /** For keys of at most `size` bytes. */
  constructor(size: number) {
    this.size = size;
    this.own = new Int32Array(Math.ceil(size / 4));
    this.ownBytes = new Uint8Array(this.own.buffer);
    this.words = this.own;
  }

  /**
   * Takes `key`.
   *
   * @throws {TypeError} no string, or half a surrogate pair in it, for which UTF-8 has no bytes
   * @throws {RangeError} longer than the keys of the map
   */
  set(key: string): void {
    const place = remembers ? this.places.get(key) : undefined;
    if (place === undefined) {
      this.setStranger(key);
      return;
    }
    const { remembered } = this;
    const length = remembered[place + 1] as number;
    this.hash = remembered[place] as number;
    this.length = length;
    this.count = (length + 3) >> 2;
    this.words = remembered;
    this.first = place + 2;
  }

  private setStranger(key: string): void {
    if (typeof key !== "string") throw new TypeError(`a key must be a string, not ${typeof key}`);
    this.encode(key);
    this.words = this.own;
    this.first = 0;
    if (remembers && ++this.strangers % STRANGERS === 0) this.remember(key);
  }

  /** When there is no room, all are forgotten: those that are still in use come back soon. */
  private remember(key: string): void {
    const { count } = this;
    if (this.remembered.length === 0) this.remembered = new Int32Array(REMEMBERED_WORDS);
    if (this.used + 2 + count > REMEMBERED_WORDS) {
      this.places.clear();
      this.used = 0;
    }
    const { remembered, used, own } = this;
    remembered[used] = this.hash;
    remembered[used + 1] = this.length;
    for (let index = 0; index < count; index++) remembered[used + 2 + index] = own[index] as number;
    this.places.set(key, used);
    this.used = used + 2 + count;
  }

  /** Whether it is the key of the slot at this index. */
  isAt(i32: Int32Array, at: number): boolean {
    if (i32[at + HASH_WORD] !== this.hash || i32[at + LENGTH_WORD] !== this.length) return false;
    const { words, first, count } = this;
    for (let index = 0; index < count; index++) {
      if (i32[at + KEY_WORD + index] !== words[first + index]) return false;
    }
    return true;
  }

  private encode(key: string): void {
    const { own } = this;
    const { length } = key;
    if (length > this.size) this.refuse(key);
    let hash = 0;
    let word = 0;
    let all = 0;
    for (let index = 0; index < length; index++) {
      const code = key.charCodeAt(index);
      all |= code;
      word |= code << ((index & 3) << 3);
      if ((index & 3) !== 3) continue;
      own[index >> 2] = word;
      hash = mix(hash, word);
      word = 0;
    }
    if (all > 127) {
      this.encodeWide(key);
      return;
    }
    if ((length & 3) !== 0) {
      own[length >> 2] = word;
      hash = mix(hash, word);
    }
    this.length = length;
    this.count = (length + 3) >> 2;
    this.hash = finish(hash, length);
  }

  private encodeWide(key: string): void {
    if (!key.isWellFormed()) throw new TypeError("a key must not hold half a surrogate pair");
    const { read, written } = encoder.encodeInto(key, this.ownBytes);
    if (read < key.length || written > this.size) this.refuse(key);
    this.length = written;
    this.count = (written + 3) >> 2;
    this.ownBytes.fill(0, written, this.count * 4);
    this.hash = hashWords(this.own, this.count, written);
  }

  private refuse(key: string): never {
    const length = encoder.encode(key).length;
    throw new RangeError(`a key of this map has at most ${this.size} bytes in UTF-8, not ${length}`);
  }
}
