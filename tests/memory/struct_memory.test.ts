// Structs and the memory under them: bytes outside, misaligned, closed; and engines that forbid making code.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AnonymousMemory } from "../../mod.ts";
import { type ArrayAccess, array, asNumber, bytes, type Kind, struct, text } from "../../src/memory/struct/mod.ts";
import { foreign } from "../support/mod.ts";

/** Every kind of field, and a value for each. */
const All = struct({
  u64: "u64",
  i64: "i64",
  f64: "f64",
  wide: asNumber("u64"),
  signedWide: asNumber("i64"),
  u32: "u32",
  i32: "i32",
  f32: "f32",
  u16: "u16",
  i16: "i16",
  u8: "u8",
  i8: "i8",
  bool: "bool",
  text: text(3),
  bytes: bytes(2),
  inner: struct({ value: "u32" }),
  list: array("f64", 2),
});
const all = {
  u64: 2n ** 64n - 1n,
  i64: -(2n ** 63n),
  f64: 0.1,
  wide: 2 ** 53 - 1,
  signedWide: -(2 ** 53 - 1),
  u32: 2 ** 32 - 1,
  i32: -(2 ** 31),
  f32: 1.5,
  u16: 65535,
  i16: -32768,
  u8: 255,
  i8: -128,
  bool: true,
  text: "abc",
  bytes: new Uint8Array([1, 2]),
  inner: { value: 7 },
  list: [1.5, 2.5],
};

const Tick = struct({ timestamp: "u64", symbolId: "u32", price: "f64", volume: "u32" }, { name: "Tick" });

type GrowableBuffer = SharedArrayBuffer & { grow(size: number): void };

/** A buffer that may grow to 8 GiB; pages that nobody touches are nowhere. */
const growable = (size: number): GrowableBuffer =>
  new (SharedArrayBuffer as unknown as new (size: number, more: object) => GrowableBuffer)(size, {
    maxByteLength: 2 ** 33,
  });

function canHold(size: number): boolean {
  try {
    return growable(size).byteLength === size;
  } catch {
    return false;
  }
}

const tooLarge = canHold(2 ** 32) ? false : "this engine cannot hold it";

const rangeError = (message: RegExp) => ({ name: "RangeError", message });
const typeError = (message: RegExp) => ({ name: "TypeError", message });

describe("structs in large memory", () => {
  it("stand side by side as far as it goes, beyond 2 GiB", () => {
    const size = 3 * 2 ** 30 + 40; // pages that nobody touches are nowhere
    const memory = AnonymousMemory.create({ size, noReserve: true });
    const ticks = Tick.overArray(memory);
    assert.equal(ticks.length, 3 * 2 ** 25 + 1);
    ticks.at(ticks.length - 1).timestamp = 7n;
    assert.equal(new DataView(memory.buffer).getBigUint64(3 * 2 ** 30, true), 7n);
    ticks.set(ticks.length - 2, { timestamp: 8n, symbolId: 1, price: 1, volume: 1 });
    assert.equal(Tick.read(memory, 3 * 2 ** 30 - 32).timestamp, 8n);
    assert.throws(() => ticks.at(ticks.length), RangeError);
    memory.close();
  });

  it("are as many as an array may have, where more would fit", () => {
    const memory = AnonymousMemory.create({ size: 2 ** 31 + 4096, noReserve: true });
    const One = struct({ value: "u8" });
    const all = One.overArray(memory);
    assert.equal(all.length, 2 ** 31 - 1);
    all.at(all.length - 1).value = 7;
    assert.equal(memory.bytes[2 ** 31 - 2], 7);
    assert.equal(One.overArray(memory, 8192).length, 2 ** 31 - 4096, "all that fit");
    assert.throws(() => One.overArray(memory, 0, 2 ** 31), RangeError);
    memory.close();
  });

  it("are found behind 4 GiB, also where the buffer has grown so far", { skip: tooLarge }, () => {
    const buffer = growable(2 ** 32);
    const low = Tick.over(buffer, 8);
    buffer.grow(2 ** 32 + 64);
    Tick.over(buffer, 2 ** 32 + 8).timestamp = 7n;
    assert.deepEqual([low.timestamp, new DataView(buffer).getBigUint64(2 ** 32 + 8, true)], [0n, 7n]);
  });
});

describe("structs in memory that has grown", () => {
  const fields = ["u64", "i64", "f64", "wide", "signedWide", "u32", "i32", "f32"] as const;

  for (const size of [8, 4096, 4100]) {
    it(`are found behind and over its old end (${size})`, () => {
      const buffer = new (SharedArrayBuffer as unknown as new (size: number, more: object) => GrowableBuffer)(size, {
        maxByteLength: 8192,
      });
      assert.equal(array("u32", 2).over(buffer).length, 2); // from here on it is known
      buffer.grow(8192);
      const access = All.over(buffer, 8192 - All.size);
      Object.assign(access, all);
      assert.deepEqual(All.read(access), all);
      for (const name of fields) assert.equal(access[name], all[name], name);
      for (const name of fields) {
        const one = struct({ value: All.layout.fields.find((field) => field.name === name)?.kind as Kind }).over(
          buffer,
          4096,
        );
        one.value = all[name];
        assert.deepEqual([one.value, struct({ value: "u64" }).read(buffer, 4096).value > 0n], [all[name], true], name);
      }
    });
  }
});

describe("struct bounds", () => {
  const memory = new ArrayBuffer(64);

  it("end with the memory", () => {
    assert.throws(
      () => Tick.over(memory, 40),
      rangeError(/Cannot lay Tick at byte 40: that takes 32 bytes, the memory has 64/),
    );
    assert.throws(() => Tick.read(memory, 33), rangeError(/Cannot read Tick at byte 33/));
    assert.throws(() => Tick.write(memory, -1, Tick.read(memory)), rangeError(/Cannot write Tick at byte -1/));
    assert.throws(() => Tick.read(memory, 0.5), rangeError(/Cannot read Tick at byte 0.5/));
    assert.throws(() => Tick.read(memory, "0" as never), typeError(/byteOffset must be a number, not "0"/));
    assert.throws(() => Tick.over(new Uint8Array(memory, 8, 31)), rangeError(/the memory has 31/));
  });

  it("hold for arrays and their elements", () => {
    assert.throws(() => Tick.overArray(memory, 0, 3), rangeError(/Cannot lay array\(Tick, 3\) at byte 0/));
    assert.throws(
      () => Tick.overArray(new ArrayBuffer(31)),
      rangeError(/Cannot lay Tick at byte 0: that takes 32 bytes, the memory has 31/),
    );
    assert.throws(
      () => Tick.overArray(memory, 96),
      rangeError(/Cannot lay Tick at byte 96: that takes 32 bytes, the memory has 64/),
    );
    const rows = array(array("u8", 8), 2).over(memory);
    const arrays: readonly [access: ArrayAccess<unknown, unknown>, value: unknown][] = [
      [Tick.overArray(memory), Tick.read(memory)],
      [array("u32", 2).over(memory), 5],
      [array("u64", 2).over(memory), 5n],
      [array(text(3), 2).over(memory), "a"],
      [rows, [1, 2, 3, 4, 5, 6, 7, 8]],
    ];
    for (const [access, value] of arrays) {
      for (const index of [2, -1, Number.NaN, Infinity, 2 ** 32, 0.5, -0.5]) {
        const refused = rangeError(/There is no element .*: the array has 2, from 0/);
        assert.throws(() => access.at(index), refused, String(index));
        assert.throws(() => access.set(index, value), refused, String(index));
      }
      for (const index of ["1", true, [0], null] as unknown as number[]) {
        assert.throws(() => access.at(index), typeError(/an index must be a number/));
        assert.throws(() => access.set(index, value), typeError(/an index must be a number/));
      }
    }
  });

  it("hold for cursors", () => {
    const cursor = Tick.cursor(new Uint8Array(memory, 8));
    assert.throws(
      () => cursor.seek(32),
      rangeError(/Cannot move Tick at byte 32: that takes 32 bytes, the memory has 56/),
    );
    assert.throws(() => cursor.seek(-8), rangeError(/Cannot move Tick at byte -8/));
    assert.throws(() => cursor.seek(4), rangeError(/Cannot lay Tick over byte 12 of the buffer: its alignment is 8/));
    assert.throws(() => cursor.seek(Number.NaN), rangeError(/Cannot move Tick at byte NaN/));
    assert.throws(() => cursor.seek(0.5), rangeError(/Cannot move Tick at byte 0.5/));
    for (const wrong of ["8", true, [8], null] as unknown as number[]) {
      assert.throws(() => cursor.seek(wrong), { name: "TypeError", message: /byteOffset must be a number/ });
    }
    assert.throws(() => Tick.cursor(new ArrayBuffer(8)).seek(0), rangeError(/the memory has 8/));
  });

  it("want accessors aligned, but neither copies nor packed structs", () => {
    assert.throws(() => Tick.over(memory, 4), rangeError(/its alignment is 8 bytes \(read and write take any byte/));
    assert.throws(() => Tick.over(new Uint8Array(memory, 12)), rangeError(/over byte 12 of the buffer/));
    assert.throws(() => Tick.overArray(memory, 4, 1), rangeError(/its alignment is 8/));
    Tick.write(memory, 3, { timestamp: 2n ** 60n, symbolId: 1, price: 2, volume: 3 });
    assert.equal(Tick.read(memory, 3).timestamp, 2n ** 60n);
    const Packed = struct({ inner: Tick, list: array(Tick, 1) }, { packed: true });
    const packed = Packed.over(new ArrayBuffer(Packed.size + 1), 1);
    packed.inner.timestamp = 2n ** 62n;
    packed.list.at(0).timestamp = 5n;
    assert.deepEqual([packed.inner.timestamp, packed.list.at(0).timestamp], [2n ** 62n, 5n]);
  });

  it("lie over memory of another realm", () => {
    for (const Kind of [foreign.ArrayBuffer, foreign.SharedArrayBuffer]) {
      const buffer = new Kind(4096);
      const [view, bytes] = [new foreign.DataView(buffer), new foreign.Uint8Array(buffer)];
      for (const [index, over] of [buffer, view, bytes, { bytes }].entries()) {
        const tick = Tick.over(over);
        tick.price = index + 0.5;
        tick.timestamp = 2n ** 60n;
        assert.equal(Tick.read(over).price, index + 0.5);
        Tick.write(over, Tick.size, { timestamp: 1n, symbolId: 1, price: -index, volume: 3 });
        assert.equal(Tick.overArray(over, 0, 2).at(1).price, -index);
        assert.throws(() => Tick.over(over, 4096), rangeError(/the memory has 4096/));
      }
      assert.equal(view.getBigUint64(0, true), 2n ** 60n);
    }
  });

  it("refuse what is no memory", () => {
    const foreigners = [
      { [Symbol.toStringTag]: "ArrayBuffer", byteLength: 64 },
      new Proxy(new foreign.ArrayBuffer(64), {}),
    ];
    const fakes = [...foreigners, Object.create(foreign.ArrayBuffer.prototype)];
    for (const value of [undefined, null, 5, "memory", {}, [1, 2], { bytes: [1] }, () => {}, ...fakes]) {
      assert.throws(
        () => Tick.over(value as never),
        typeError(/memory must be a buffer, a view of one, or have bytes, not /),
      );
    }
  });
});

describe("struct accessors of closed memory", () => {
  for (const room of [0, 4096])
    it(`throw for every kind of field, aligned and packed (${room})`, () => {
      const Packed = struct({ first: "u8", all: All }, { packed: true });
      const buffer = new ArrayBuffer(Packed.size + room);
      const [aligned, packed] = [All.over(buffer), Packed.over(buffer).all];
      buffer.transfer();
      for (const access of [aligned, packed] as unknown as Record<
        string,
        { value: unknown; at(index: number): unknown }
      >[]) {
        for (const [name, value] of Object.entries(all)) {
          const get = () =>
            name === "inner" ? access.inner.value : name === "list" ? access.list.at(0) : access[name];
          assert.throws(get, /detached|out of bounds|out-of-bounds|is not a constructor/i, `get ${name}`);
          assert.throws(
            () => Object.assign(access, { [name]: value }),
            /detached|out of bounds|out-of-bounds|is not a constructor/i,
            `set ${name}`,
          );
        }
      }
    });

  it("throw, and never read something else", () => {
    const Named = struct({ tick: Tick, name: text(8), list: array("u32", 2) });
    const buffer = new ArrayBuffer(Named.size);
    const named = Named.over(buffer);
    const [ticks, cursor] = [Tick.overArray(buffer), Tick.cursor(buffer)];
    named.tick.timestamp = 5n;
    named.list.set(0, 1);
    buffer.transfer();
    const uses: (() => unknown)[] = [
      () => named.tick.price,
      () => named.tick.timestamp,
      () => named.name,
      () => named.list.at(0),
      () => ticks.at(0).volume,
      () => cursor.seek(0).timestamp,
      () => Object.assign(named.tick, { volume: 1 }),
      () => Object.assign(named.tick, { timestamp: 1n }),
      () => Object.assign(named, { name: "a" }),
      () => named.list.set(0, 1),
    ];
    for (const use of uses)
      assert.throws(use, /detached|out-of-bounds|out of bounds|is not a constructor/i, String(use));
    for (const use of [() => Named.over(buffer), () => Named.read(buffer), () => Named.read(named)]) {
      assert.throws(use, /closed|detached/);
    }
    const closed = rangeError(/the memory has 0 \(is it closed\?\)/);
    assert.throws(() => cursor.seek(1000), closed);
    for (const lay of [() => Tick.over(buffer), () => Tick.overArray(buffer), () => Tick.cursor(buffer)]) {
      assert.throws(lay, closed, String(lay));
    }
  });
});

describe("structs where code may not be made from text", () => {
  it("are the same, without it", () => {
    const { Function: original } = globalThis;
    const refusing = (): never => {
      throw new EvalError("Code generation from strings disallowed for this context");
    };
    globalThis.Function = refusing as unknown as FunctionConstructor;
    try {
      const Inner = struct({ byte: "i8", wide: "i64" });
      const Outer = struct({ word: "u32", inner: Inner, list: array(Inner, 3) });
      const outers = Outer.overArray(new ArrayBuffer(Outer.size * 2));
      outers.at(1).list.at(2).wide = -5n;
      outers.at(1).inner.byte = -128;
      const [first, second] = outers.read();
      assert.deepEqual([first.list[2].wide, second.list[2].wide, second.inner.byte], [0n, -5n, -128]);
      assert.equal(Outer.cursor(new ArrayBuffer(Outer.size)).seek(0).word, 0);
    } finally {
      globalThis.Function = original;
    }
  });
});
