// CopyOut: every length at every alignment, bit patterns that numbers would not keep, and targets that change.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CopyOut } from "../../src/ring/copy_out.ts";

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
function check(out: CopyOut, start: number, length: number, target: Uint8Array): void {
  target.fill(GUARD);
  out.copy(start, length, target);
  const label = `${length} bytes from ${start} to ${target.byteOffset}`;
  assert.equal(Buffer.compare(target.subarray(0, length), source.subarray(start, start + length)), 0, label);
  assert.ok(
    target.subarray(length).every((byte) => byte === GUARD),
    label,
  );
}

describe("CopyOut", () => {
  const sizes = [...Array.from({ length: 71 }, (_, size) => size), 255, 256, 257, 336, 511, 512, 513, 1024, 4099];

  it("copies every length to every alignment, and nothing more", () => {
    const room = new ArrayBuffer(SOURCE_BYTES);
    const out = new CopyOut(source);
    for (let offset = 0; offset < 9; offset++) {
      for (const size of sizes) {
        check(out, 0, size, new Uint8Array(room, offset, size));
        check(out, 24, size, new Uint8Array(room, offset, size + 13));
      }
    }
  });

  it("keeps the bits of NaNs, also once the engine has compiled it", () => {
    const out = new CopyOut(source);
    const target = new Uint8Array(64);
    for (let turn = 0; turn < 20_000; turn++) out.copy(0, 48, target);
    check(out, 0, 48, target);
  });

  it("takes targets by turns", () => {
    const out = new CopyOut(source);
    const [one, other] = [new Uint8Array(40), new Uint8Array(48)];
    for (let turn = 0; turn < 10; turn++) {
      check(out, turn * 8, 33, one);
      check(out, turn * 16, 47, other);
    }
  });

  it("follows a target whose buffer grows and shrinks", () => {
    const out = new CopyOut(source);
    const buffer = new ArrayBuffer(16, { maxByteLength: 64 });
    const target = new Uint8Array(buffer);
    for (const size of [16, 64, 8, 40, 0, 24]) {
      buffer.resize(size);
      check(out, 8, target.length, target);
    }
  });

  it("copies to shared memory and to a Buffer", () => {
    const out = new CopyOut(source);
    check(out, 16, 37, new Uint8Array(new SharedArrayBuffer(64)));
    check(out, 16, 37, Buffer.alloc(64));
  });
});
