// MappedCopy: every length at every alignment, bit patterns that numbers would not keep, and targets that change.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import { MappedCopy, NOWHERE } from "../../src/ring/mapped_copy.ts";
import { cleanUp, falseArrays, foreign, objectPath, uniqueName } from "../support/mod.ts";

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

/** As all who write do. */
function put(copy: MappedCopy, given: Uint8Array, start: number): void {
  copy.in(given, start, copy.lengthOf(given));
}

/** Arrays that are gone or too short are refused here, and copied as far as they go there. */
function orRefuses(copy: () => void): void {
  try {
    copy();
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError, `${error}`);
  }
}

describe("MappedCopy", () => {
  after(cleanUp);

  const sizes = [
    ...Array.from({ length: 71 }, (_, size) => size),
    128,
    129,
    255,
    256,
    257,
    336,
    480,
    481,
    720,
    721,
    1024,
    1025,
    4099,
  ];

  it("copies every length to every alignment, and nothing more", () => {
    const room = new ArrayBuffer(SOURCE_BYTES);
    const copy = new MappedCopy(source);
    for (let offset = 0; offset < 9; offset++) {
      for (const size of sizes) {
        const [exact, roomy] = [new Uint8Array(room, offset, size), new Uint8Array(room, offset, size + 13)];
        for (let turn = 0; turn < 3; turn++) check(copy, 8 * turn, size, exact);
        for (let turn = 0; turn < 3; turn++) check(copy, 24, size, roomy);
      }
    }
  });

  it("takes any hint where the next copy will begin: it is only a hint", () => {
    const copy = new MappedCopy(source);
    const target = new Uint8Array(2000 + 8);
    for (const ahead of [undefined, NOWHERE, 0, 8, SOURCE_BYTES - 8, SOURCE_BYTES, 2 ** 31, 2 ** 45]) {
      for (const length of [64, 500, 2000]) {
        target.fill(GUARD);
        copy.out(24, length, target, ahead);
        assert.equal(Buffer.compare(target.subarray(0, length), source.subarray(24, 24 + length)), 0);
        assert.ok(target.subarray(length).every((byte) => byte === GUARD));
      }
    }
  });

  it("copies every length from every alignment into the memory, and nothing more", () => {
    const memory = new Uint8Array(SOURCE_BYTES);
    const copy = new MappedCopy(memory);
    for (let offset = 0; offset < 9; offset++) {
      for (const size of sizes) {
        const given = source.subarray(offset, offset + size);
        for (const start of [8, 4080, 4088]) {
          // one array again and again: from the second time on by its words, or its address
          memory.fill(GUARD);
          put(copy, given, start);
          const label = `${size} bytes from ${offset} to ${start}`;
          assert.equal(Buffer.compare(memory.subarray(start, start + size), given), 0, label);
          const rest = [memory.subarray(0, start), memory.subarray(start + size)];
          assert.ok(
            rest.every((bytes) => bytes.every((byte) => byte === GUARD)),
            label,
          );
        }
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
    const buffer = new ArrayBuffer(16, { maxByteLength: 128 });
    const target = new Uint8Array(buffer);
    for (const size of [16, 64, 8, 40, 0, 24, 16, 100, 128]) {
      buffer.resize(size);
      check(copy, 8, target.length, target);
    }
  });

  it("copies every length to and from arrays of another realm, and refuses what only looks like one", () => {
    const memory = new Uint8Array(SOURCE_BYTES);
    const [out, into] = [new MappedCopy(source), new MappedCopy(memory)];
    for (const size of sizes) {
      const [given, target] = [foreign.Uint8Array.from(source.subarray(0, size)), new foreign.Uint8Array(size + 13)];
      for (let turn = 0; turn < 3; turn++) {
        check(out, 8 * turn, size, target);
        memory.fill(GUARD);
        put(into, given, 8);
        assert.equal(Buffer.compare(memory.subarray(8, 8 + size), given), 0, `${size} bytes`);
      }
    }
    for (const other of falseArrays()) assert.throws(() => out.out(0, 4, other as Uint8Array), TypeError);
    for (const other of falseArrays()) assert.throws(() => out.out(0, 4096, other as Uint8Array), TypeError);
  });

  it("copies to shared memory and to a Buffer", () => {
    const copy = new MappedCopy(source);
    check(copy, 16, 37, new Uint8Array(new SharedArrayBuffer(64)));
    check(copy, 16, 37, Buffer.alloc(64));
    const [shared, pooled] = [new Uint8Array(new SharedArrayBuffer(2048)), Buffer.from("x".repeat(2000))];
    for (let turn = 0; turn < 3; turn++) check(copy, 16, 1500, shared);
    for (let turn = 0; turn < 3; turn++) check(copy, 16, 1500, pooled);
  });

  it("refuses arrays of other elements", () => {
    const copy = new MappedCopy(source);
    for (const array of [new Float64Array(512), new DataView(new ArrayBuffer(4096)), [1, 2, 3]]) {
      for (const length of [8, 300, 2000])
        assert.throws(() => copy.out(0, length, array as unknown as Uint8Array), TypeError);
    }
  });

  it("never copies to where an array was", () => {
    const copy = new MappedCopy(source);
    const buffer = new ArrayBuffer(4096, { maxByteLength: 8192 });
    for (const target of [new Uint8Array(buffer), new Uint8Array(buffer, 1024, 2048)]) {
      for (let turn = 0; turn < 3; turn++) check(copy, 0, 2000, target);
      buffer.resize(1536); // the one is shorter now, the other out of bounds
      orRefuses(() => copy.out(0, 2000, target));
      buffer.resize(4096); // with zeros
      assert.ok(new Uint8Array(buffer, 1536).every((byte) => byte === 0));
      for (let turn = 0; turn < 3; turn++) check(copy, 0, 2000, target);
    }
    const left = new Uint8Array(buffer, 0, 2000);
    for (let turn = 0; turn < 3; turn++) check(copy, 0, 2000, left);
    const moved = new Uint8Array(structuredClone(buffer, { transfer: [buffer] })).fill(GUARD);
    orRefuses(() => copy.out(0, 2000, left));
    orRefuses(() => put(copy, left, 0));
    assert.ok(moved.every((byte) => byte === GUARD));
    assert.deepEqual(source, makeSource());
  });

  it("finds zeros where a peer has taken pages away", () => {
    const name = uniqueName("taken");
    const memory = SharedMemory.create(name, { size: 8 * 4096, unlinkOnClose: true });
    const copy = new MappedCopy(memory.bytes);
    const array = new Uint8Array(8192);
    for (let turn = 0; turn < 3; turn++) put(copy, source, 0);
    for (let turn = 0; turn < 3; turn++) copy.out(0, 8192, array);
    assert.deepEqual(array, source);
    truncateSync(objectPath(name), 4096);
    copy.out(0, 8192, array);
    assert.deepEqual(array.subarray(0, 4096), source.subarray(0, 4096));
    assert.ok(array.subarray(4096).every((byte) => byte === 0));
    put(copy, array, 16384);
    assert.equal(memory.lostPages, 3);
    memory.close();
  });

  it("touches nothing once the memory is closed", () => {
    const memory = SharedMemory.anonymous({ size: 8192 });
    const copy = new MappedCopy(memory.bytes);
    const array = new Uint8Array(2000).fill(GUARD);
    for (let turn = 0; turn < 3; turn++) put(copy, array, 0);
    for (let turn = 0; turn < 3; turn++) copy.out(0, 2000, array);
    memory.close();
    orRefuses(() => put(copy, array, 0));
    orRefuses(() => copy.out(0, 2000, array));
    assert.ok(array.every((byte) => byte === GUARD));
  });
});
