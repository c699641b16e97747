// A process that counts in a shared map in two ways, writes books into it, and judges those of others.

import process from "node:process";
import { SharedMap } from "../../mod.ts";
import { Random } from "../support/random.ts";
import { BOOK_BYTES, BOOK_WORDS, bookNumber, fillBook, lengthOf } from "./latest_value_book.ts";

export interface MapJob {
  readonly name: string;
  readonly seed: number;
  readonly count: number;
}

/** What the last line says. */
export interface MapResult {
  torn: number;
  reads: number;
  /** Comparing writes that found another value than they had read. */
  raced: number;
}

const { name, seed, count } = JSON.parse(process.argv[2] as string) as MapJob;
const map = SharedMap.open(name);
const random = new Random(seed);
const words = new Int32Array(BOOK_WORDS);
const target = new Uint8Array(BOOK_BYTES);
const result: MapResult = { torn: 0, reads: 0, raced: 0 };

/** Adds 1 as those must who have no increment. */
function countByComparing(key: string): void {
  for (;;) {
    const before = map.get(key) as Uint8Array;
    const value = new BigInt64Array(before.slice().buffer);
    value[0]++;
    if (map.compareAndSet(key, before, value)) return;
    result.raced++;
  }
}

function writeBook(key: string): void {
  const number = random.below(1_000_000);
  fillBook(words, 0, lengthOf(number) / 4, number);
  map.set(key, new Uint8Array(words.buffer, 0, lengthOf(number)));
}

function readBook(key: string): void {
  const length = map.getInto(key, target);
  if (length < 0) return;
  const copy = new Int32Array(target.slice(0, length).buffer);
  const number = bookNumber(copy, 0, copy.length);
  if (number < 0 || lengthOf(number) !== length) result.torn++;
  result.reads++;
}

console.log("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));
for (let turn = 0; turn < count; turn++) {
  map.increment("all");
  map.increment(`own ${process.pid}`);
  countByComparing("compared");
  writeBook(`book ${random.below(10)}`);
  for (let reads = 0; reads < 4; reads++) readBook(`book ${random.below(10)}`);
}
console.log(JSON.stringify(result));
map.close();
process.exit(0);
