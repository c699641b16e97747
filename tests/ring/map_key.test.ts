// KeyText: a key's bytes and hash, of any length and in any alphabet, whatever key was there before.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashWords, KeyText } from "../../src/ring/map/key.ts";
import { Random } from "../support/mod.ts";

const SIZE = 200;

/** What `key` holds must be this text, with zeros up to the next whole word, and its hash. */
function check(key: KeyText, text: string): void {
  const expected = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / 4) * 4);
  expected.write(text);
  const words = key.words.slice(0, key.count);
  assert.equal(key.length, Buffer.byteLength(text), text);
  assert.equal(Buffer.compare(new Uint8Array(words.buffer), expected), 0, text);
  assert.equal(key.hash, hashWords(words, key.count, key.length), text);
}

describe("KeyText", () => {
  it("holds the key's bytes and hash, and nothing of the key before", () => {
    const key = new KeyText(SIZE);
    const random = new Random();
    const texts = Array.from({ length: 4000 }, (_, number) => {
      const end = number % 3 === 0 ? "ü€🚀" : "";
      return `${number}`.padEnd(random.below(SIZE - 10), "abcdefg") + end;
    });
    texts.push("", "a", "ab", "abc", "abcd", "abcde", "\0", "\u007f", "\u0080");
    for (let turn = 0; turn < 60_000; turn++) {
      const text = texts[random.below(turn % 2 === 0 ? 50 : texts.length)] as string;
      key.set(text);
      check(key, text);
    }
  });

  it("has the hash that stands in every map: MurmurHash3 of 32 bits", () => {
    const key = new KeyText(SIZE);
    for (const [text, hash] of [
      ["", 0],
      ["test", 0xba6bd213],
      ["hello, world", 0x149bbb7f],
    ] as const) {
      key.set(text);
      assert.equal(key.hash >>> 0, hash, text);
    }
  });

  it("refuses what it refused before, and goes on", () => {
    const key = new KeyText(8);
    for (let turn = 0; turn < 20; turn++) {
      assert.throws(() => key.set("123456789"), RangeError);
      assert.throws(() => key.set("€€€"), RangeError);
      assert.throws(() => key.set("\ud800"), TypeError);
      assert.throws(() => key.set(7 as unknown as string), TypeError);
      key.set("12345678");
      check(key, "12345678");
    }
  });
});
