// Struct accessors: every kind in place, against the raw bytes; nested parts, arrays, cursors, and all sorts of memory.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { array, asNumber, bytes, type Infer, type ScalarName, struct, text } from "../../src/memory/struct/mod.ts";

const Tick = struct({ timestamp: "u64", symbolId: "u32", price: "f64", volume: "u32" });

/** What each scalar takes at its limits, and the bytes that C would store for it. */
const EDGES: readonly (readonly [ScalarName, unknown, string])[] = [
  ["u8", 0, "00"],
  ["u8", 255, "ff"],
  ["i8", -128, "80"],
  ["i8", 127, "7f"],
  ["u16", 65535, "ffff"],
  ["u16", 258, "0201"],
  ["i16", -32768, "0080"],
  ["i16", 32767, "ff7f"],
  ["u32", 4294967295, "ffffffff"],
  ["u32", 2147483648, "00000080"],
  ["u32", 0x01020304, "04030201"],
  ["i32", -2147483648, "00000080"],
  ["i32", 2147483647, "ffffff7f"],
  ["u64", 0n, "0000000000000000"],
  ["u64", 2n ** 64n - 1n, "ffffffffffffffff"],
  ["u64", 2n ** 63n, "0000000000000080"],
  ["u64", 0x0102030405060708n, "0807060504030201"],
  ["i64", -(2n ** 63n), "0000000000000080"],
  ["i64", 2n ** 63n - 1n, "ffffffffffffff7f"],
  ["i64", -2n, "feffffffffffffff"],
  ["f32", 1.5, "0000c03f"],
  ["f32", -Infinity, "000080ff"],
  ["f64", 99.5, "0000000000e05840"],
  ["f64", -0, "0000000000000080"],
  ["f64", Number.MAX_VALUE, "ffffffffffffef7f"],
  ["bool", true, "01"],
  ["bool", false, "00"],
];

const hex = (buffer: ArrayBufferLike, from: number, to: number): string =>
  [...new Uint8Array(buffer, from, to - from)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

describe("struct scalars", () => {
  for (const [packed, size] of [false, true].flatMap((packed) => [64, 4096].map((size) => [packed, size] as const))) {
    it(`store what C stores${packed ? ", packed and so unaligned" : ""}, in ${size} bytes`, () => {
      for (const [name, value, stored] of EDGES) {
        const One = struct({ first: "u8", value: name, last: "u8" }, { packed });
        const buffer = new ArrayBuffer(size);
        new Uint8Array(buffer).fill(0xaa);
        const one = One.over(buffer, 16) as { value: unknown };
        one.value = value;
        const [from, to] = [16 + One.offsets.value, 16 + One.offsets.value + stored.length / 2];
        assert.equal(hex(buffer, from, to), stored, `${name} ${String(value)}`);
        assert.ok(Object.is(one.value, value), `${name} ${String(value)} came back as ${String(one.value)}`);
        assert.equal(hex(buffer, 0, from), "aa".repeat(from), "bytes before are left alone");
        assert.equal(hex(buffer, to, size), "aa".repeat(size - to), "bytes behind are left alone");
      }
    });
  }

  it("take every NaN and round f32 as C does", () => {
    const Floats = struct({ single: "f32", double: "f64" });
    const floats = Floats.over(new ArrayBuffer(16));
    floats.single = 0.1;
    floats.double = Number.NaN;
    assert.equal(floats.single, Math.fround(0.1));
    assert.ok(Number.isNaN(floats.double));
  });

  it("see any other byte than 0 as true", () => {
    const Flag = struct({ flag: "bool" });
    assert.equal(Flag.over(new Uint8Array([2])).flag, true);
  });

  for (const size of [16, 4096])
    it(`see 64 bits as numbers on request, in ${size} bytes`, () => {
      const Both = struct({ unsigned: asNumber("u64"), signed: asNumber("i64") });
      const buffer = new ArrayBuffer(size);
      const raw = new DataView(buffer);
      const both = Both.over(buffer);
      for (const value of [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
        both.unsigned = value;
        assert.equal(both.unsigned, value);
        assert.equal(raw.getBigUint64(0, true), BigInt(value));
      }
      for (const value of [0, -1, 1, -(2 ** 32), -(2 ** 32) - 1, 2 ** 53 - 1, -(2 ** 53 - 1)]) {
        both.signed = value;
        assert.equal(both.signed, value);
        assert.equal(raw.getBigInt64(8, true), BigInt(value));
      }
    });
});

describe("struct accessors", () => {
  it("alias the bytes both ways", () => {
    const buffer = new ArrayBuffer(64);
    const [raw, tick, same] = [new DataView(buffer), Tick.over(buffer, 32), Tick.over(buffer, 32)];
    tick.price = 99.5;
    assert.equal(raw.getFloat64(48, true), 99.5);
    assert.equal(same.price, 99.5);
    raw.setUint32(56, 7, true);
    tick.volume += 1;
    assert.equal(same.volume, 8);
    raw.setBigUint64(32, 5n, true);
    assert.equal(tick.timestamp, 5n);
  });

  it("go over buffers, views, shared buffers and what has bytes", () => {
    const buffer = new ArrayBuffer(128);
    const view = new Uint8Array(buffer, 32, 64);
    const shared = new SharedArrayBuffer(64);
    const memory = { bytes: view, buffer, size: 64 };
    Tick.over(buffer, 40).symbolId = 1;
    assert.equal(Tick.over(view, 8).symbolId, 1);
    assert.equal(Tick.over(new DataView(buffer, 40)).symbolId, 1);
    assert.equal(Tick.over(new Float64Array(buffer, 40, 4)).symbolId, 1);
    assert.equal(Tick.over(memory, 8).symbolId, 1);
    Tick.over(shared, 32).symbolId = 2;
    assert.equal(new Uint32Array(shared)[10], 2);
  });

  it("are memory themselves", () => {
    const ticks = Tick.overArray(new ArrayBuffer(128));
    ticks.at(2).volume = 5;
    const kept = Tick.over(ticks.at(2));
    ticks.at(3).volume = 6;
    assert.equal(kept.volume, 5, "an accessor of an accessor's place stays");
    assert.equal(Tick.read(ticks.at(3)).volume, 6);
    Tick.write(kept, 0, { timestamp: 1n, symbolId: 2, price: 3, volume: 4 });
    assert.deepEqual(ticks.read()[2], { timestamp: 1n, symbolId: 2, price: 3, volume: 4 });
  });

  it("take several fields by Object.assign", () => {
    const tick = Tick.over(new ArrayBuffer(32));
    tick.volume = 9;
    Object.assign(tick, { price: 1.5, symbolId: 3 });
    assert.deepEqual(Tick.read(tick), { timestamp: 0n, symbolId: 3, price: 1.5, volume: 9 });
  });

  it("have fields with names of JavaScript's own", () => {
    const Odd = struct({ constructor: "u8", length: "u16", toString: "u8", at: "u32", size: "f32" });
    const odd = Odd.over(new ArrayBuffer(Odd.size)) as unknown as Record<string, number>;
    for (const [index, name] of Object.keys(Odd.offsets).entries()) odd[name] = index + 1;
    assert.deepEqual({ ...Odd.read(odd as never) }, { constructor: 1, length: 2, toString: 3, at: 4, size: 5 });
  });

  it("have no other fields", () => {
    const Two = struct({ tick: Tick, list: array("u8", 2), ticks: array(Tick, 2) });
    const two = Two.over(new ArrayBuffer(Two.size));
    for (const made of [two, two.tick, two.list, two.ticks, Two.cursor(new ArrayBuffer(Two.size)).seek(0)]) {
      for (const name of ["volum", "0"]) {
        const set = () => {
          (made as unknown as Record<string, number>)[name] = 5;
        };
        assert.throws(set, TypeError, `${name} of ${JSON.stringify(made)}`);
      }
    }
  });

  it("list their fields", () => {
    const names: string[] = [];
    for (const name in Tick.over(new ArrayBuffer(32))) if (!name.startsWith("$")) names.push(name);
    assert.deepEqual(names, ["timestamp", "symbolId", "price", "volume"]);
  });
});

const Level = struct({ price: "f64", quantity: "u32" });
const Book = struct({
  symbol: text(8),
  id: bytes(4),
  best: Level,
  bids: array(Level, 3),
  grid: array(array("i16", 3), 2),
  names: array(text(4), 2),
});

function newBook() {
  const buffer = new ArrayBuffer(Book.size * 2);
  return [buffer, Book.over(buffer, Book.size)] as const;
}

describe("struct accessors in JSON", () => {
  const Order = struct({ id: bytes(3), symbol: text(4), at: Tick, levels: array("i64", 2), isBuy: "bool" });
  const whole = { id: Uint8Array.of(1, 2, 3), symbol: "ABC", levels: [-1n, 2n ** 63n - 1n], isBuy: true };

  it("are their fields, in forms that JSON has", () => {
    const order = Order.over(new ArrayBuffer(Order.size));
    Object.assign(order, { ...whole, at: { timestamp: 2n ** 64n - 1n, symbolId: 7, price: 1.5, volume: 0 } });
    assert.deepEqual(JSON.parse(JSON.stringify(order)), {
      id: [1, 2, 3],
      symbol: "ABC",
      at: { timestamp: "18446744073709551615", symbolId: 7, price: 1.5, volume: 0 },
      levels: ["-1", "9223372036854775807"],
      isBuy: true,
    });
    assert.equal(JSON.stringify([order.levels, order.at.price]), '[["-1","9223372036854775807"],1.5]');
    const ticks = Tick.overArray(new ArrayBuffer(64));
    ticks.at(1).price = 9;
    assert.equal(JSON.parse(JSON.stringify(ticks))[1].price, 9);
    assert.deepEqual(Object.keys(Object.getPrototypeOf(order)), ["id", "symbol", "at", "levels", "isBuy"]);
  });

  it("leave a field called toJSON alone", () => {
    const Odd = struct({ toJSON: "u32" });
    const odd = Odd.over(new ArrayBuffer(4));
    odd.toJSON = 5;
    assert.equal(odd.toJSON, 5);
  });
});

describe("struct parts", () => {
  it("nest in place", () => {
    const [buffer, book] = newBook();
    book.best.quantity = 7;
    assert.equal(new DataView(buffer).getUint32(Book.size + Book.offsets.best + 8, true), 7);
    book.best = { price: 1.5, quantity: 8 };
    assert.deepEqual(Level.read(book.best), { price: 1.5, quantity: 8 });
  });

  it("move with the struct around them", () => {
    const books = Book.overArray(new ArrayBuffer(Book.size * 3));
    for (let index = 0; index < 3; index++) books.at(index).best.quantity = index + 1;
    assert.deepEqual(
      books.read().map((book) => book.best.quantity),
      [1, 2, 3],
    );
    assert.equal(books.at(0).best, books.at(1).best, "one accessor, without allocation");
  });

  it("are arrays of structs", () => {
    const [buffer, book] = newBook();
    book.bids.set(1, { price: 2.5, quantity: 20 });
    book.bids.at(2).quantity = 30;
    assert.equal(book.bids.length, 3);
    assert.equal(new DataView(buffer).getFloat64(Book.size + Book.offsets.bids + Level.size, true), 2.5);
    assert.deepEqual(book.bids.read(), [
      { price: 0, quantity: 0 },
      { price: 2.5, quantity: 20 },
      { price: 0, quantity: 30 },
    ]);
    book.bids.set(0, book.bids.at(1));
    assert.equal(book.bids.at(0).price, 2.5, "an accessor is a value, even this one");
    book.bids.set(2, Level.over(buffer, Book.size + Book.offsets.bids));
    assert.equal(book.bids.at(2).quantity, 20);
  });

  it("are arrays of arrays and of texts", () => {
    const [buffer, book] = newBook();
    book.grid.at(1).set(2, -7);
    book.grid.set(0, [1, 2, 3]);
    assert.equal(new DataView(buffer).getInt16(Book.size + Book.offsets.grid + 10, true), -7);
    assert.deepEqual(book.grid.read(), [
      [1, 2, 3],
      [0, 0, -7],
    ]);
    book.grid.write([
      [4, 5, 6],
      [7, 8, 9],
    ]);
    assert.equal(book.grid.at(1).at(0), 7);
    book.names.set(1, "xyz");
    assert.deepEqual(book.names.read(), ["", "xyz"]);
  });

  it("are layouts of their own", () => {
    const values = array("f64", 4).over(new Float64Array([1, 2, 3, 4]));
    values.set(2, 30);
    assert.deepEqual(values.read(), [1, 2, 30, 4]);
    values.write(new Float64Array([5, 6, 7, 8]));
    assert.equal(values.at(3), 8);
  });

  it("show bytes in place and copy them when read", () => {
    const [buffer, book] = newBook();
    book.id = new Uint8Array([1, 2, 3, 4]);
    const copy = Book.read(book).id;
    book.id[0] = 9;
    assert.equal(new Uint8Array(buffer)[Book.size + Book.offsets.id], 9);
    assert.deepEqual(copy, new Uint8Array([1, 2, 3, 4]));
  });

  it("fill texts up with NUL, read them up to the first", () => {
    const [buffer, book] = newBook();
    const at = Book.size + Book.offsets.symbol;
    book.symbol = "longtext";
    assert.equal(book.symbol, "longtext", "full length, no NUL");
    book.symbol = "hé€";
    assert.equal(hex(buffer, at, at + 8), "68c3a9e282ac0000");
    assert.equal(book.symbol, "hé€");
    book.symbol = "\uFEFFa";
    assert.equal(book.symbol, "\uFEFFa", "a byte order mark is kept");
    new Uint8Array(buffer, at).set([0x61, 0xff, 0x62, 0, 0x63]);
    assert.equal(book.symbol, "a\uFFFDb", "what is no UTF-8 becomes U+FFFD");
  });

  it("work over a SharedArrayBuffer", () => {
    const book = Book.over(new SharedArrayBuffer(Book.size));
    book.symbol = "AAPL";
    book.id = new Uint8Array([1, 2, 3, 4]);
    book.bids.at(1).price = 3.5;
    const plain: Infer<typeof Book> = Book.read(book);
    assert.deepEqual([plain.symbol, plain.id[3], plain.bids[1].price], ["AAPL", 4, 3.5]);
  });
});

describe("struct arrays and cursors", () => {
  it("take as many as fit", () => {
    assert.equal(Tick.overArray(new ArrayBuffer(32 * 5 + 31)).length, 5);
    assert.equal(Tick.overArray(new ArrayBuffer(32 * 5 + 31), 64).length, 3);
    assert.equal(Tick.overArray(new ArrayBuffer(320), 32, 2).length, 2);
  });

  it("move one accessor", () => {
    const buffer = new ArrayBuffer(32 * 4);
    const ticks = Tick.overArray(buffer, 32);
    for (let index = 0; index < ticks.length; index++) ticks.at(index).symbolId = index + 1;
    assert.deepEqual(
      [10, 18, 26].map((word) => new Uint32Array(buffer)[word]),
      [1, 2, 3],
    );
    assert.equal(ticks.at(0), ticks.at(2));
  });

  it("seek by bytes", () => {
    const buffer = new ArrayBuffer(128);
    const cursor = Tick.cursor(new Uint8Array(buffer, 8, 112));
    cursor.seek(8).volume = 5;
    assert.equal(new DataView(buffer).getUint32(40, true), 5);
    assert.equal(cursor.seek(0), cursor.seek(80));
    const packed = struct({ kind: "u8", value: "u64" }, { packed: true }).cursor(buffer);
    packed.seek(3).value = 77n;
    assert.equal(new DataView(buffer).getBigUint64(4, true), 77n);
    assert.equal(packed.seek(3).value, 77n);
  });
});
