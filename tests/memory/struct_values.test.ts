// Struct values: plain objects written and read, random structs included; what is refused, and that nothing is half written.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  aligned,
  array,
  asNumber,
  bytes,
  type ElementType,
  type GivenOf,
  type Infer,
  type ScalarName,
  struct,
  text,
} from "../../src/memory/struct/mod.ts";
import { falseArrays, foreignBytes, Random } from "../support/mod.ts";
import { randomStruct } from "./struct_random.ts";

const Tick = struct({ timestamp: "u64", symbolId: "u32", price: "f64", volume: "u32" }, { name: "Tick" });
const tick: Infer<typeof Tick> = { timestamp: 1n, symbolId: 2, price: 3.5, volume: 4 };

const STRUCTS = 200;
const VALUES = 5;

type Fields = Record<string, unknown>;
interface Elements {
  readonly length: number;
  at(index: number): unknown;
  set(index: number, value: unknown): void;
}

const isWhole = (value: unknown): boolean => typeof value !== "object" || value instanceof Uint8Array;

/** Sets each scalar and string by itself, through the accessors of what is around it. */
function setInside(access: Fields | Elements, value: Fields | unknown[]): void {
  for (const [key, part] of Object.entries(value)) {
    const isArray = Array.isArray(value);
    if (!isWhole(part)) {
      const inner = isArray ? (access as Elements).at(Number(key)) : (access as Fields)[key];
      setInside(inner as Fields, part as Fields);
    } else if (isArray) (access as Elements).set(Number(key), part);
    else (access as Fields)[key] = part;
  }
}

/** The same by getting each of them. */
function getInside(access: unknown, like: unknown): unknown {
  if (isWhole(like)) return access instanceof Uint8Array ? access.slice() : access;
  if (Array.isArray(like)) return like.map((part, index) => getInside((access as Elements).at(index), part));
  const fields = Object.entries(like as Fields);
  return Object.fromEntries(fields.map(([name, part]) => [name, getInside((access as Fields)[name], part)]));
}

describe("struct values", () => {
  it("come back as they were written", () => {
    const buffer = new ArrayBuffer(64);
    Tick.write(buffer, 8, tick);
    assert.deepEqual(Tick.read(buffer, 8), tick);
    assert.deepEqual(Object.keys(Tick.read(buffer, 8)), ["timestamp", "symbolId", "price", "volume"]);
  });

  it("come back where making code from text is forbidden", () => {
    const standard = globalThis.Function;
    globalThis.Function = (() => assert.fail("forbidden")) as unknown as FunctionConstructor;
    try {
      const Level = struct({ price: "f64", class: "u8", name: text(8) });
      const Book = struct({ id: asNumber("u64"), best: Level, levels: array(Level, 2) }, { name: "Book" });
      const level = { price: 1.5, class: 7, name: "x" };
      const value = { id: 2 ** 40, best: level, levels: [level, { ...level, class: 8 }] };
      const buffer = new ArrayBuffer(Book.size);
      Book.write(buffer, 0, value);
      assert.deepEqual(Book.read(buffer), value);
      assert.equal(Book.over(buffer).levels.at(1).class, 8);
      assert.throws(() => Book.write(buffer, 0, { ...value, best: undefined as never }), /best is missing/);
      assert.throws(() => Book.write(buffer, 0, { ...value, id: undefined as never }), /id is missing/);
      assert.throws(() => Book.write(buffer, 0, { ...value, more: 1 } as never), /it has no field "more"/);
    } finally {
      globalThis.Function = standard;
    }
  });

  const random = new Random();
  it(`come back from ${STRUCTS} random structs, at any byte (seed ${random.seed})`, () => {
    for (let count = 0; count < STRUCTS; count++) {
      const { type, value } = randomStruct(random);
      for (let round = 0; round < VALUES; round++) {
        const [plain, offset] = [value() as never, random.below(20)];
        const buffer = new ArrayBuffer(type.size + offset + 8);
        new Uint8Array(buffer).fill(0xee);
        type.write(buffer, offset, plain);
        assert.deepEqual(type.read(buffer, offset), plain, `seed ${random.seed}, struct ${count}`);
        const around = [...new Uint8Array(buffer, 0, offset), ...new Uint8Array(buffer, offset + type.size)];
        assert.ok(
          around.every((byte) => byte === 0xee),
          "no byte around is touched",
        );
      }
    }
  });

  it(`are the same through accessors of ${STRUCTS} random structs (seed ${random.seed})`, () => {
    for (let count = 0; count < STRUCTS; count++) {
      const { type, value } = randomStruct(random);
      const plain = value() as never;
      const [written, assigned] = [new ArrayBuffer(type.size), new ArrayBuffer(type.size)];
      type.write(written, 0, plain);
      Object.assign(type.over(assigned), plain);
      assert.deepEqual(new Uint8Array(assigned), new Uint8Array(written), `seed ${random.seed}, struct ${count}`);
    }
  });

  it(`are the same field by field, element by element, in ${STRUCTS} random structs (seed ${random.seed})`, () => {
    for (let count = 0; count < STRUCTS; count++) {
      const { type, value } = randomStruct(random, 3);
      const written = new ArrayBuffer(type.size);
      const room = random.below(2) * 4096; // a page or more is seen as a mapping would be
      const all = type.overArray(new ArrayBuffer(3 * type.size + room), 0, 3);
      for (const index of [2, 1]) {
        const plain = value() as never;
        type.write(written, 0, plain);
        setInside(all.at(index), plain);
        const bytes = new Uint8Array((all.at(index) as unknown as { $view: DataView }).$view.buffer);
        const [from, to] = [index * type.size, (index + 1) * type.size];
        assert.deepEqual(bytes.slice(from, to), new Uint8Array(written), `seed ${random.seed}, struct ${count}`);
        assert.deepEqual(getInside(all.at(index), plain), plain, `seed ${random.seed}, struct ${count}`);
      }
    }
  });

  it("write padding as zeros", () => {
    const buffer = new ArrayBuffer(32);
    new Uint8Array(buffer).fill(0xff);
    Tick.read(buffer);
    Tick.write(buffer, 0, tick);
    assert.deepEqual([...new Uint8Array(buffer, 12, 4), ...new Uint8Array(buffer, 28)], [0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("share nothing with the memory", () => {
    const Message = struct({ id: bytes(2), list: array("u8", 2) });
    const buffer = new ArrayBuffer(4);
    const before = Message.read(buffer);
    Message.write(buffer, 0, { id: new Uint8Array([1, 2]), list: [3, 4] });
    assert.deepEqual(before, { id: new Uint8Array(2), list: [0, 0] });
  });

  it("may come from an object whose getters write, too", () => {
    const other = new ArrayBuffer(32);
    const sly = {
      ...tick,
      get price(): number {
        Tick.write(other, 0, { timestamp: 9n, symbolId: 9, price: 9, volume: 9 });
        return 3.5;
      },
    };
    const buffer = new ArrayBuffer(32);
    Tick.write(buffer, 0, sly);
    assert.deepEqual(Tick.read(buffer), tick);
    assert.equal(Tick.read(other).symbolId, 9);
  });

  it("may be written from typed arrays, read-only ones and accessors, by their types, too", () => {
    const Level = struct({ price: "f64", sizes: array("u32", 2) });
    const fields = { id: "u32", best: Level, levels: array(Level, 2), grid: array(array("i16", 2), 2) } as const;
    const Book = struct({ ...fields, wides: aligned(array("i64", 2), 64) });
    const [level, other]: Infer<typeof Level>[] = [
      { price: 1.5, sizes: [1, 2] },
      { price: 2.5, sizes: [3, 4] },
    ];
    const plain: Infer<typeof Book> = {
      id: 7,
      best: level,
      levels: [level, other],
      grid: [
        [-1, 2],
        [3, -4],
      ],
      wides: [-5n, 6n],
    };
    const typed: GivenOf<typeof Book> = {
      id: 7,
      best: { price: 1.5, sizes: new Uint32Array([1, 2]) },
      levels: Object.freeze([level, { price: 2.5, sizes: new Uint8Array([3, 4]) }] as const),
      grid: [new Int16Array([-1, 2]), Object.freeze([3, -4])],
      wides: new BigInt64Array([-5n, 6n]),
    };
    const [buffer, memory] = [new ArrayBuffer(Book.size), new ArrayBuffer(Book.size)];
    const book = Book.over(memory);
    Book.write(memory, 0, plain);
    const inPlace = { id: 7, best: book.best, levels: book.levels, grid: book.grid, wides: book.wides };
    for (const value of [typed, book, inPlace, { ...plain, levels: [book.best, book.levels.at(1)] }]) {
      new Uint8Array(buffer).fill(0);
      Book.write(buffer, 0, value);
      assert.deepEqual(Book.read(buffer), plain);
    }
    book.levels.set(0, { price: 3, sizes: new Uint16Array([5, 6]) });
    book.grid.write([new Int8Array([7, 8]), book.grid.at(0)]);
    assert.deepEqual(
      [book.levels.read()[0].sizes, book.grid.at(0).read()],
      [
        [5, 6],
        [7, 8],
      ],
    );
    // @ts-expect-error: numbers for bigints
    assert.throws(() => Book.write(buffer, 0, { ...plain, wides: new Float64Array(2) }), TypeError);
    // @ts-expect-error: structs for numbers
    assert.throws(() => Book.write(buffer, 0, { ...plain, grid: book.levels }), TypeError);
    // @ts-expect-error: half a struct, in an array
    assert.throws(() => Book.write(buffer, 0, { ...plain, levels: [{ price: 1 }, level] }), TypeError);
  });

  it("of bytes may be of another realm, and nothing that only looks so", () => {
    const Keyed = struct({ id: bytes(4), other: "u32" });
    const memory = new ArrayBuffer(Keyed.size);
    const keyed = Keyed.over(memory);
    keyed.id = foreignBytes(1, 2, 3, 4);
    assert.deepEqual(Keyed.read(memory).id, Uint8Array.of(1, 2, 3, 4));
    Keyed.write(memory, 0, { id: foreignBytes(5, 6, 7, 8), other: 1 });
    assert.deepEqual([...keyed.id], [5, 6, 7, 8]);
    const refused = { name: "TypeError", message: /is no Uint8Array, which bytes\(4\) takes/ };
    for (const value of falseArrays())
      assert.throws(() => Object.assign(keyed, { id: value }), refused, Object.prototype.toString.call(value));
    assert.throws(() => Object.assign(keyed, { id: foreignBytes(1, 2, 3) }), { message: /the value has 3 bytes/ });
    assert.deepEqual([...keyed.id], [5, 6, 7, 8]);
  });

  it("may be large", () => {
    const Large = struct({ words: array("u32", 5000), tail: bytes(3) });
    const plain = { words: Array.from({ length: 5000 }, (_, index) => index), tail: new Uint8Array([1, 2, 3]) };
    const buffer = new ArrayBuffer(Large.size + 1);
    Large.write(buffer, 1, plain);
    assert.deepEqual(Large.read(buffer, 1), plain);
  });
});

type Case = readonly [what: string, run: () => unknown, name: "RangeError" | "TypeError", message: RegExp];

function refuses(cases: readonly Case[]): void {
  for (const [what, run, name, message] of cases) it(`refuses ${what}`, () => assert.throws(run, { name, message }));
}

/** A page or more is seen as a mapping would be. */
for (const room of [0, 4096])
  describe(`struct fields, ${room} bytes behind them`, () => {
    const All = struct({
      small: "u8",
      short: "i16",
      word: "u32",
      int: "i32",
      wide: "u64",
      signed: "i64",
      safe: asNumber("u64"),
      safeSigned: asNumber("i64"),
      real: "f64",
      flag: "bool",
      id: bytes(4),
      name: text(4),
      list: array("u8", 2),
      inner: Tick,
    });
    const all = All.over(new ArrayBuffer(All.size + room)) as Record<string, unknown>;
    const set = (field: string, value: unknown) => () => {
      all[field] = value;
    };

    refuses([
      [
        "256 for u8",
        set("small", 256),
        "RangeError",
        /Cannot set small: 256 does not fit u8 \(whole numbers, 0 to 255\)/,
      ],
      ["-1 for u8", set("small", -1), "RangeError", /-1 does not fit u8/],
      ["a fraction for u8", set("small", 1.5), "RangeError", /1.5 does not fit u8/],
      ["NaN for u8", set("small", Number.NaN), "RangeError", /NaN does not fit u8/],
      ["a bigint for u8", set("small", 1n), "TypeError", /Cannot set small: 1n is not a number, which u8 takes/],
      ["text for u8", set("small", "1"), "TypeError", /"1" is not a number/],
      ["undefined for u8", set("small", undefined), "TypeError", /undefined is not a number/],
      ["a symbol for u8", set("small", Symbol("s")), "TypeError", /Symbol\(s\) is not a number/],
      ["32768 for i16", set("short", 32768), "RangeError", /32768 does not fit i16/],
      ["2 ** 32 for u32", set("word", 2 ** 32), "RangeError", /4294967296 does not fit u32/],
      ["Infinity for u32", set("word", Infinity), "RangeError", /Infinity does not fit u32/],
      ["2 ** 31 for i32", set("int", 2 ** 31), "RangeError", /2147483648 does not fit i32/],
      ["2 ** 64 for u64", set("wide", 2n ** 64n), "RangeError", /18446744073709551616n does not fit u64/],
      ["-1 for u64", set("wide", -1n), "RangeError", /-1n does not fit u64/],
      [
        "a number for u64",
        set("wide", 1),
        "TypeError",
        /1 is not a bigint, which u64 takes; asNumber\("u64"\) takes numbers/,
      ],
      ["2 ** 63 for i64", set("signed", 2n ** 63n), "RangeError", /9223372036854775808n does not fit i64/],
      ["-(2 ** 63) - 1 for i64", set("signed", -(2n ** 63n) - 1n), "RangeError", /does not fit i64/],
      ["2 ** 53 for asNumber", set("safe", 2 ** 53), "RangeError", /9007199254740992 does not fit asNumber\("u64"\)/],
      ["-1 for asNumber u64", set("safe", -1), "RangeError", /-1 does not fit/],
      ["a fraction for asNumber", set("safe", 0.5), "RangeError", /0.5 does not fit/],
      ["NaN for asNumber", set("safe", Number.NaN), "RangeError", /NaN does not fit/],
      ["a bigint for asNumber", set("safe", 1n), "TypeError", /1n is not a number/],
      ["-(2 ** 53) for asNumber", set("safeSigned", -(2 ** 53)), "RangeError", /-9007199254740992 does not fit/],
      ["a fraction for asNumber i64", set("safeSigned", -0.5), "RangeError", /-0.5 does not fit/],
      ["text for f64", set("real", "1.5"), "TypeError", /Cannot set real: "1.5" is not a number/],
      ["1 for bool", set("flag", 1), "TypeError", /Cannot set flag: 1 is not a boolean/],
      [
        "too few bytes",
        set("id", new Uint8Array(3)),
        "RangeError",
        /Cannot set id: the value has 3 bytes, and bytes\(4\) takes 4/,
      ],
      [
        "an array for bytes",
        set("id", [1, 2, 3, 4]),
        "TypeError",
        /Cannot set id: an array of 4 is no Uint8Array, which bytes\(4\) takes/,
      ],
      [
        "a long text",
        set("name", "héé"),
        "RangeError",
        /Cannot set name: "héé" has 5 bytes in UTF-8, more than text\(4\) holds/,
      ],
      ["NUL in a text", set("name", "a\0b"), "RangeError", /holds a NUL/],
      ["a number for a text", set("name", 5), "TypeError", /Cannot set name: 5 is not a string, which text\(4\) takes/],
      ["a short list", set("list", [1]), "RangeError", /Cannot write array\(u8, 2\): the value has 1 elements/],
      ["no list", set("list", 5), "TypeError", /5 is not an array/],
      [
        "a view of no elements",
        set("list", new DataView(new ArrayBuffer(2))),
        "TypeError",
        /a DataView is not an array/,
      ],
      ["a bad element", set("list", [1, 256]), "RangeError", /Cannot set an element: 256 does not fit u8/],
      ["null for a struct", set("inner", null), "TypeError", /Cannot write Tick: null is not an object/],
      ["half a struct", set("inner", { price: 1 }), "TypeError", /Cannot write Tick: timestamp is missing/],
    ]);

    it("are all zero after that", () => {
      assert.deepEqual(
        new Uint8Array(All.size + room),
        Uint8Array.from(new Uint8Array((All.over(all as never) as { id: Uint8Array }).id.buffer)),
      );
    });

    it("refuse to be read as a number where it would not be exact", () => {
      const buffer = new ArrayBuffer(16 + room);
      const Two = struct({ unsigned: asNumber("u64"), signed: asNumber("i64") });
      const two = Two.over(buffer);
      new DataView(buffer).setBigUint64(0, 2n ** 53n, true);
      assert.throws(() => two.unsigned, {
        name: "RangeError",
        message: /Cannot get unsigned: 9007199254740992n does not fit/,
      });
      new DataView(buffer).setBigInt64(8, -(2n ** 53n), true);
      assert.throws(() => two.signed, { name: "RangeError", message: /Cannot get signed: -9007199254740992n/ });
      new DataView(buffer).setBigInt64(8, 2n ** 53n, true);
      assert.throws(() => two.signed, { name: "RangeError", message: /Cannot get signed: 9007199254740992n/ });
    });
  });

/** What each whole number takes: the least and the most. */
const LIMITS: readonly (readonly [type: ScalarName, least: number | bigint, most: number | bigint])[] = [
  ["u8", 0, 255],
  ["i8", -128, 127],
  ["u16", 0, 65535],
  ["i16", -32768, 32767],
  ["u32", 0, 2 ** 32 - 1],
  ["i32", -(2 ** 31), 2 ** 31 - 1],
  ["u64", 0n, 2n ** 64n - 1n],
  ["i64", -(2n ** 63n), 2n ** 63n - 1n],
];

/** Numbers about which asNumber might err: around each power of two, down to the smallest, and none at all. */
function edgesOfNumbers(): number[] {
  const powers = Array.from({ length: 72 }, (_, power) => 2 ** power);
  const around = (size: number) => [-1, -0.5, 0, 0.5, 1].map((more) => size + more);
  const next = (size: number) => [size * (1 - Number.EPSILON / 2), size * (1 + Number.EPSILON)];
  const tiny = [Number.MIN_VALUE, 2 ** -1043, 2 ** -1022, 2 ** -22];
  const sizes = [...tiny, ...powers.flatMap((size) => [...around(size), ...next(size), 3 * size])];
  return [...sizes, ...sizes.map((size) => -size), Number.NaN, Infinity, -Infinity];
}

for (const room of [0, 4096]) {
  describe(`scalars of structs, ${room} bytes behind them`, () => {
    const boxOf = (type: ElementType) => {
      const One = struct({ value: type });
      return One.over(new ArrayBuffer(One.size + room)) as { value: unknown };
    };
    const refused = (type: ElementType, value: unknown, name: string) => {
      const box = boxOf(type);
      const before = box.value;
      const set = () => {
        box.value = value;
      };
      assert.throws(set, { name, message: /^Cannot set value: / }, `${String(value)} for ${String(type)}`);
      assert.deepEqual(box.value, before);
    };

    for (const [type, least, most] of LIMITS) {
      it(`of ${type} are ${least} to ${most}`, () => {
        const box = boxOf(type);
        for (const value of [least, most, typeof least === "bigint" ? 0n : 0]) {
          box.value = value;
          assert.equal(box.value, value);
        }
        const [below, above] =
          typeof least === "bigint" ? [least - 1n, BigInt(most) + 1n] : [least - 1, Number(most) + 1];
        for (const value of [below, above]) refused(type, value, "RangeError");
        if (typeof least === "number") {
          for (const value of [0.5, least - 0.5, Number.NaN, Infinity, -Infinity]) refused(type, value, "RangeError");
        }
        const others = [typeof least === "bigint" ? 1 : 1n, "1", true, null, undefined, {}, [1], Symbol("s")];
        for (const value of others) refused(type, value, "TypeError");
      });
    }

    it("of f32, f64 and asNumber are numbers, of bool booleans", () => {
      for (const type of ["f32", "f64", asNumber("u64"), asNumber("i64")] as const) {
        for (const value of ["1", true, 1n, null, undefined, {}]) refused(type, value, "TypeError");
      }
      for (const value of ["true", 1, 0, null, undefined]) refused("bool", value, "TypeError");
      for (const value of [-1, 0.5, 2 ** 53, 2 ** 64, Number.NaN, Infinity])
        refused(asNumber("u64"), value, "RangeError");
      for (const value of [-(2 ** 53), -0.5, 2 ** 53, -(2 ** 64), 2 ** 80, Number.NaN, -Infinity]) {
        refused(asNumber("i64"), value, "RangeError");
      }
    });

    for (const [form, least] of [["u64", 0] as const, ["i64", -(2 ** 53 - 1)] as const]) {
      it(`of asNumber("${form}") are all exact whole numbers and nothing else, whatever sets them`, () => {
        const One = struct({ value: asNumber(form) });
        const memory = new DataView(new ArrayBuffer(One.size + room));
        const [one, list] = [One.over(memory), array(asNumber(form), 1).over(memory)];
        const setters: readonly ((value: number) => unknown)[] = [
          (value) => Object.assign(one, { value }),
          (value) => list.set(0, value),
          (value) => One.write(memory, 0, { value }),
        ];
        for (const value of edgesOfNumbers()) {
          for (const set of setters) {
            memory.setBigUint64(0, 5n, true);
            const fits = Number.isInteger(value) && value >= least && value < 2 ** 53;
            if (fits) set(value);
            else assert.throws(() => set(value), { name: "RangeError", message: /whole numbers/ }, `${value}, ${set}`);
            const expected = fits ? BigInt.asUintN(64, BigInt(value)) : 5n;
            assert.equal(memory.getBigUint64(0, true), expected, `${value}, ${set}`);
          }
        }
      });
    }
  });
}

describe("struct writes", () => {
  const write = (value: unknown) => () => Tick.write(new ArrayBuffer(32), 0, value as never);

  refuses([
    ["a missing field", write({ ...tick, price: undefined }), "TypeError", /Cannot write Tick: price is missing/],
    [
      "an unknown field",
      write({ ...tick, prise: 1 }),
      "TypeError",
      /it has no field "prise" \(it has timestamp, symbolId, price, volume\)/,
    ],
    ["no object", write(5), "TypeError", /Cannot write Tick: 5 is not an object/],
  ]);

  it("of arrays take arrays, typed arrays and arrays in place, by their types, too, and nothing else that has a length", () => {
    const [numbers, wides] = [array("f64", 2).over(new ArrayBuffer(16)), array("u64", 2).over(new ArrayBuffer(16))];
    const names = array(text(4), 2).over(new ArrayBuffer(8));
    const fixed: readonly number[] = [1, 2];
    for (const values of [fixed, new Float64Array(fixed), new Uint8Array(fixed), Object.freeze([1, 2])]) {
      numbers.write([0, 0]);
      numbers.write(values);
      assert.deepEqual(numbers.read(), [1, 2]);
    }
    wides.write(new BigInt64Array([3n, 4n]));
    assert.deepEqual(wides.read(), [3n, 4n]);
    names.write(["a", "b"]);
    names.write(names);
    assert.deepEqual(names.read(), ["a", "b"]);
    const refused: readonly (() => void)[] = [
      // @ts-expect-error: an object with a length
      () => numbers.write({ length: 2, 0: 1, 1: 2 }),
      // @ts-expect-error: a text has a length
      () => names.write("ab"),
      // @ts-expect-error: numbers for bigints
      () => wides.write(new Float64Array(2)),
      // @ts-expect-error: texts for numbers
      () => numbers.write(names),
    ];
    for (const write of refused) assert.throws(write, TypeError, String(write));
  });

  it("take fields from a prototype: getters of a class", () => {
    class Level {
      get price() {
        return 2.5;
      }
      quantity = 4;
      own = "x";
    }
    const { own: _, ...plain } = new Level();
    const Two = struct({ price: "f64", quantity: "u32" });
    const buffer = new ArrayBuffer(Two.size);
    const value = Object.create(Level.prototype, Object.getOwnPropertyDescriptors(plain));
    Two.write(buffer, 0, value);
    assert.deepEqual(Two.read(buffer), { price: 2.5, quantity: 4 });
    const expected = { name: "TypeError", message: /it has no field "own"/ };
    assert.throws(() => Two.write(buffer, 0, new Level() as never), expected);
  });

  it("write nothing when one value is refused", () => {
    const Pair = struct({ first: Tick, list: array("u8", 2), second: Tick });
    const buffer = new ArrayBuffer(Pair.size);
    const bad = { first: tick, list: [1, 2], second: { ...tick, volume: -1 } };
    assert.throws(() => Pair.write(buffer, 0, bad), RangeError);
    assert.deepEqual(new Uint8Array(buffer), new Uint8Array(Pair.size));
    const ticks = Tick.overArray(new ArrayBuffer(64));
    assert.throws(() => ticks.write([tick, { ...tick, symbolId: 0.5 }]), RangeError);
    assert.equal(ticks.at(0).volume, 0);
    Pair.write(buffer, 0, { ...bad, second: tick });
    assert.deepEqual(Pair.read(buffer).second, tick, "and the next one is whole");
  });
});
