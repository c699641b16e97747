// Struct layouts: sizes, alignments and offsets as the C ABI has them, and the C declaration.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  aligned,
  array,
  asNumber,
  bytes,
  type FieldType,
  type ScalarName,
  struct,
  text,
} from "../../src/memory/struct/mod.ts";

const Tick = struct({ timestamp: "u64", symbolId: "u32", price: "f64", volume: "u32" });

/** Size and alignment of a struct with this one field, behind a byte. */
function behindByte(type: FieldType): [offset: number, size: number, alignment: number] {
  const Two = struct({ first: "u8", second: type });
  return [Two.offsets.second, Two.size, Two.alignment];
}

describe("struct layout", () => {
  it("pads as C does", () => {
    assert.deepEqual(Tick.offsets, { timestamp: 0, symbolId: 8, price: 16, volume: 24 });
    assert.equal(Tick.size, 32);
    assert.equal(Tick.alignment, 8);
  });

  it("aligns every scalar to its size", () => {
    const sizes: Record<ScalarName, number> = {
      u8: 1,
      i8: 1,
      u16: 2,
      i16: 2,
      u32: 4,
      i32: 4,
      u64: 8,
      i64: 8,
      f32: 4,
      f64: 8,
      bool: 1,
    };
    for (const [name, size] of Object.entries(sizes) as [ScalarName, number][]) {
      assert.deepEqual(behindByte(name), [size, size * 2, size], name);
    }
    assert.deepEqual(behindByte(asNumber("u64")), [8, 16, 8]);
    assert.deepEqual(behindByte(asNumber("i64")), [8, 16, 8]);
  });

  it("lays strings, arrays and nested structs out by their elements", () => {
    assert.deepEqual(behindByte(bytes(16)), [1, 17, 1]);
    assert.deepEqual(behindByte(text(64)), [1, 65, 1]);
    assert.deepEqual(behindByte(array("u16", 5)), [2, 12, 2]);
    assert.deepEqual(behindByte(array(array("u32", 3), 2)), [4, 28, 4]);
    assert.deepEqual(behindByte(Tick), [8, 40, 8]);
    assert.deepEqual(behindByte(array(Tick, 10)), [8, 328, 8]);
  });

  it("packs", () => {
    const Packed = struct({ kind: "u8", length: "u32", tick: Tick, end: "u16" }, { packed: true });
    assert.deepEqual(Packed.offsets, { kind: 0, length: 1, tick: 5, end: 37 });
    assert.equal(Packed.size, 39);
    assert.equal(Packed.alignment, 1);
  });

  it("packs all but what is aligned", () => {
    const Packed = struct({ kind: "u8", length: aligned("u32", 4), end: "u8" }, { packed: true });
    assert.deepEqual(Packed.offsets, { kind: 0, length: 4, end: 8 });
    assert.equal(Packed.size, 12);
    assert.equal(Packed.alignment, 4);
  });

  it("aligns the struct, and its size with it", () => {
    const Line = struct({ word: "u32" }, { align: 64 });
    assert.deepEqual([Line.size, Line.alignment, Line.offsets.word], [64, 64, 0]);
    const Odd = struct({ kind: "u8", length: "u32" }, { packed: true, align: 2 });
    assert.deepEqual([Odd.size, Odd.alignment, Odd.offsets.length], [6, 2, 1]);
    assert.equal(struct({ word: "u64" }, { align: 2 }).alignment, 8, "align never lessens");
  });

  it("aligns one field", () => {
    const Counters = struct({ sent: aligned("u64", 64), received: aligned("u64", 64), tail: "u8" });
    assert.deepEqual(Counters.offsets, { sent: 0, received: 64, tail: 72 });
    assert.deepEqual([Counters.size, Counters.alignment], [128, 64]);
  });

  it("can be asked about an array", () => {
    const Grid = array(array("i16", 3), 4);
    assert.deepEqual([Grid.size, Grid.alignment, Grid.length], [24, 2, 4]);
  });

  it("cannot be changed", () => {
    assert.throws(() => Object.assign(Tick.offsets, { price: 0 }), TypeError);
  });
});

const DECLARATION = `#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct __attribute__((packed)) Book_header { /* 10 bytes */
  uint16_t version; /* 0 */
  uint64_t sequence; /* 2 */
} Book_header;
_Static_assert(sizeof(Book_header) == 10 && _Alignof(Book_header) == 1, "Book_header as linux-ipc lays it out");
_Static_assert(offsetof(Book_header, version) == 0, "Book_header as linux-ipc lays it out");
_Static_assert(offsetof(Book_header, sequence) == 2, "Book_header as linux-ipc lays it out");

typedef struct Level { /* 16 bytes */
  double price; /* 0 */
  uint32_t quantity; /* 8 */
  bool isLast; /* 12 */
  /* 3 bytes of padding */
} Level;
_Static_assert(sizeof(Level) == 16 && _Alignof(Level) == 8, "Level as linux-ipc lays it out");
_Static_assert(offsetof(Level, price) == 0, "Level as linux-ipc lays it out");
_Static_assert(offsetof(Level, quantity) == 8, "Level as linux-ipc lays it out");
_Static_assert(offsetof(Level, isLast) == 12, "Level as linux-ipc lays it out");

typedef struct __attribute__((aligned(64))) Book { /* 128 bytes */
  Book_header header; /* 0 */
  char symbol[8]; /* 10 */
  /* 6 bytes of padding */
  Level bids[2]; /* 24 */
  /* 8 bytes of padding */
  _Alignas(64) int16_t grid[3][4]; /* 64 */
  /* 40 bytes of padding */
} Book;
`;

describe("struct declaration", () => {
  const Level = struct({ price: "f64", quantity: "u32", isLast: "bool" }, { name: "Level" });
  const Header = struct({ version: "u16", sequence: asNumber("u64") }, { packed: true });
  const fields = {
    header: Header,
    symbol: text(8),
    bids: array(Level, 2),
    grid: aligned(array(array("i16", 4), 3), 64),
  };

  it("declares nested structs first, by their names or after their fields", () => {
    const text = struct(fields, { align: 64 }).declaration("Book");
    assert.equal(text.slice(0, DECLARATION.length), DECLARATION);
  });

  it("declares a struct that is used twice only once", () => {
    const text = struct({ best: Level, all: array(Level, 4) }).declaration("Book");
    assert.equal(text.split("typedef struct").length, 3);
  });

  it("takes the name from the options", () => {
    assert.match(struct({ word: "u32" }, { name: "Word" }).declaration(), /typedef struct Word \{/);
  });

  it("refuses what C would misread", () => {
    const cases: [() => unknown, RegExp][] = [
      [() => Tick.declaration(), /name of the declaration must be a string/],
      [() => Tick.declaration("two words"), /must be a C identifier .* not "two words"/],
      [() => Tick.declaration("struct"), /Cannot declare struct "struct" in C: the name is taken/],
      [() => struct({ int: "u32" }).declaration("Word"), /Cannot declare field "int" in C/],
      [() => Tick.declaration("uint32_t"), /Cannot declare struct "uint32_t" in C/],
      [() => struct({ INT8_MAX: "u32" }).declaration("Word"), /Cannot declare field "INT8_MAX" in C/],
      [() => struct({ _Reserved: "u32" }).declaration("Word"), /Cannot declare field "_Reserved" in C/],
      [
        () => struct({ one: Level, other: struct({ word: "u8" }, { name: "Level" }) }).declaration("Book"),
        /two different structs have that name/,
      ],
    ];
    for (const [run, message] of cases) assert.throws(run, { name: "TypeError", message });
  });
});

describe("struct definition", () => {
  it("refuses wrong kinds with TypeError", () => {
    const cases: [() => unknown, RegExp][] = [
      [() => struct({ price: "f80" as "f64" }), /field price has no type "f80": it takes u8, .* bool/],
      [() => struct({ price: 8 as never }), /field price has no type 8/],
      [() => struct({ price: { size: 8 } as never }), /field price has no type an Object/],
      [() => struct({ price: "constructor" as never }), /field price has no type "constructor"/],
      [() => struct(undefined as never), /struct takes an object of fields, not undefined/],
      [() => struct({ "two words": "u8" }), /name of a field must be a C identifier .* not "two words"/],
      [() => struct({ "0": "u8" }), /must be a C identifier/],
      [() => struct({ $base: "u8" }), /must be a C identifier/],
      [() => struct(JSON.parse('{ "__proto__": "u8" }')), /must be a C identifier/],
      [
        () => struct({ word: "u8" }, { pack: true } as never),
        /struct has no option "pack" \(it has name, packed, align\)/,
      ],
      [() => struct({ word: "u8" }, { packed: 1 as never }), /packed must be true or false/],
      [() => struct({ word: "u8" }, { align: "8" as never }), /align must be a number/],
      [() => struct({ word: "u8" }, { name: "a b" }), /name of a struct must be a C identifier/],
      [() => array("u33" as "u32", 2), /array has no type "u33"/],
      [() => array(aligned("u32", 8) as never, 2), /array has no type an Aligned/],
      [() => array("u8", "4" as never), /length of an array must be a number/],
      [() => asNumber("u32" as "u64"), /asNumber takes "u64" or "i64", not "u32"/],
    ];
    for (const [run, message] of cases) assert.throws(run, { name: "TypeError", message });
  });

  it("refuses wrong amounts with RangeError", () => {
    const cases: [() => unknown, RegExp][] = [
      [() => struct({}), /at least one field/],
      [() => struct({ word: "u8" }, { align: 3 }), /align must be a power of two from 1 to 4096, not 3/],
      [() => struct({ word: "u8" }, { align: 8192 }), /align must be a power of two from 1 to 4096, not 8192/],
      [() => aligned("u64", 4), /alignment of a field must be a power of two from 8 to 4096, not 4/],
      [() => array("u8", 0), /length of an array must be a whole number from 1 to 2147483647, not 0/],
      [() => array("u8", 1.5), /not 1.5/],
      [() => bytes(0), /size of bytes must be a whole number from 1/],
      [() => text(-1), /size of text must be a whole number from 1/],
      [() => array(array("u8", 2 ** 31 - 1), 1024), /size of an array/],
    ];
    for (const [run, message] of cases) assert.throws(run, { name: "RangeError", message });
  });
});
