// Structs and the C compiler: 50 random layouts agree, and a C program reads what JavaScript has written.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  aligned,
  array,
  asNumber,
  bytes,
  type Fields,
  type Struct,
  struct,
  text,
} from "../../src/memory/struct/mod.ts";
import { randomStruct } from "../memory/struct_random.ts";
import { cleanUp, compileC, Random, temporaryDirectory } from "../support/mod.ts";

const STRUCTS = 50;
const random = new Random();
const structs = Array.from({ length: STRUCTS }, () => randomStruct(random, 3).type);

const Level = struct({ price: "f32", quantity: asNumber("u64") }, { name: "Level" });
const Book = struct(
  {
    flag: "bool",
    sequence: "u64",
    symbol: text(8),
    id: bytes(3),
    levels: array(Level, 2),
    grid: array(array("i16", 3), 2),
    total: aligned("f64", 64),
    balance: "i64",
  },
  { name: "Book" },
);

/** Prints a struct's size, alignment and offsets, as the compiler has them. */
function layoutInC(type: Struct<Fields>, name: string): string {
  const numbers = [`sizeof(${name})`, `_Alignof(${name})`];
  const offsets = Object.keys(type.offsets).map((field) => `offsetof(${name}, ${field})`);
  return [...numbers, ...offsets].map((number) => `  printf("%zu ", ${number});`).join("\n");
}

const READ_BOOK = `
static void read_book(const char *path) {
  Book b;
  FILE *file = fopen(path, "rb");
  if (!file || fread(&b, sizeof b, 1, file) != 1) exit(1);
  printf("%d %llu %.8s %d,%d,%d %g %llu %g %llu ", b.flag, (unsigned long long)b.sequence, b.symbol, b.id[0], b.id[1],
         b.id[2], b.levels[0].price, (unsigned long long)b.levels[0].quantity, b.levels[1].price,
         (unsigned long long)b.levels[1].quantity);
  printf("%d %d %d %.3f %lld", b.grid[0][0], b.grid[0][2], b.grid[1][1], b.total, (long long)b.balance);
}`;

function program(): string {
  const declarations = structs.map((type, index) => type.declaration(`S${index}`));
  const layouts = structs.map((type, index) => `${layoutInC(type, `S${index}`)}\n  puts("");`);
  return [
    "#include <stdio.h>",
    "#include <stdlib.h>",
    ...declarations,
    Book.declaration(),
    READ_BOOK,
    "int main(int count, char **arguments) {",
    "  if (count > 1) { read_book(arguments[1]); return 0; }",
    ...layouts,
    "}",
  ].join("\n");
}

describe(`structs in C (seed ${random.seed})`, () => {
  let command = "";

  before(() => {
    command = compileC(program());
  });
  after(cleanUp);

  it(`${STRUCTS} random structs have the compiler's sizes, alignments and offsets`, () => {
    const lines = execFileSync(command, { encoding: "utf8" }).trim().split("\n");
    const ours = structs.map(({ size, alignment, offsets }) => [size, alignment, ...Object.values(offsets)].join(" "));
    assert.deepEqual(
      lines.map((line) => line.trim()),
      ours,
      `seed ${random.seed}`,
    );
  });

  it("C reads what JavaScript wrote", () => {
    const memory = new Uint8Array(Book.size);
    Book.write(memory, 0, {
      flag: true,
      sequence: 2n ** 64n - 2n,
      symbol: "LONGNAME",
      id: new Uint8Array([1, 2, 255]),
      levels: [
        { price: 1.5, quantity: 2 ** 40 },
        { price: -0.25, quantity: 7 },
      ],
      grid: [
        [-1, 2, 3],
        [4, -32768, 6],
      ],
      total: 123456.789,
      balance: -(2n ** 62n),
    });
    const path = join(temporaryDirectory(), "book");
    writeFileSync(path, memory);
    const said = execFileSync(command, [path], { encoding: "utf8" });
    const expected =
      "1 18446744073709551614 LONGNAME 1,2,255 1.5 1099511627776 -0.25 7 -1 3 -32768 123456.789 -4611686018427387904";
    assert.equal(said, expected);
  });
});
