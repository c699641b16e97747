// MappedCopy: every length at every alignment, bit patterns that numbers would not keep, and targets that change.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MappedCopy } from "../../src/ring/mapped_copy.ts";

const SOURCE_BYTES = 8192;
const GUARD = 0xa5;

/** No two words alike; among the first are NaNs that carry bits, quiet and signalling ones. */
function makeSource(): Uint8Array {
  const bytes = Uint8Array.from({ length: SOURCE_BYTES }, (_, index) => (index * 167 + (index >> 8) * 31 + 1) & 255);
  const words = new BigUint64Array(bytes.buffer);
  words.set([0x7ff0000000000001n, 0xfff4dead0000beefn, 0x7fffffffffffffffn, 0xffffffffffffffffn, 0n, 1n << 63n]);
  return bytes;
}

const source = makeSource();

/** What the copy must leave of a target of `room` bytes: the bytes, and nothing touched behind them. */
function check(copy: MappedCopy, start: number, length: number, target: Uint8Array): void {
  target.fill(GUARD);
  copy.out(start, length, target);
  const label = `${length} bytes from ${start} to ${target.byteOffset}`;
  assert.equal(Buffer.compare(target.subarray(0, length), source.subarray(start, start + length)), 0, label);
  assert.ok(
    target.subarray(length).every((byte) => byte === GUARD),
    label,
  );
}

describe("MappedCopy", () => {
  const sizes = [...Array.from({ length: 71 }, (_, size) => size), 255, 256, 257, 336, 511, 512, 513, 1024, 4099];

  it("copies every length to every alignment, and nothing more", () => {
    const room = new ArrayBuffer(SOURCE_BYTES);
    const copy = new MappedCopy(source);
    for (let offset = 0; offset < 9; offset++) {
      for (const size of sizes) {
        check(copy, 0, size, new Uint8Array(room, offset, size));
        check(copy, 24, size, new Uint8Array(room, offset, size + 13));
      }
    }
  });

  it("keeps the bits of NaNs, also once the engine has compiled it", () => {
    const copy = new MappedCopy(source);
    const target = new Uint8Array(64);
    for (let turn = 0; turn < 20_000; turn++) copy.out(0, 48, target);
    check(copy, 0, 48, target);
  });

  it("takes targets by turns", () => {
    const copy = new MappedCopy(source);
    const [one, other] = [new Uint8Array(40), new Uint8Array(48)];
    for (let turn = 0; turn < 10; turn++) {
      check(copy, turn * 8, 33, one);
      check(copy, turn * 16, 47, other);
    }
  });

  it("follows a target whose buffer grows and shrinks", () => {
    const copy = new MappedCopy(source);
    const buffer = new ArrayBuffer(16, { maxByteLength: 64 });
    const target = new Uint8Array(buffer);
    for (const size of [16, 64, 8, 40, 0, 24]) {
      buffer.resize(size);
      check(copy, 8, target.length, target);
    }
  });

  it("copies to shared memory and to a Buffer", () => {
    const copy = new MappedCopy(source);
    check(copy, 16, 37, new Uint8Array(new SharedArrayBuffer(64)));
    check(copy, 16, 37, Buffer.alloc(64));
  });
});
