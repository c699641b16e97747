// A process that writes to a map in all ways and may be killed at any instant, or a reader that outlives such writers.

import process from "node:process";
import { SharedMap } from "../../mod.ts";
import { BOOK_BYTES, BOOK_WORDS, bookNumber, fillBook, lengthOf } from "../cross/latest_value_book.ts";
import { Random } from "../support/random.ts";
import { sleep } from "../support/wait.ts";
import { STOP } from "./ledger.ts";
import { COUNTED, openMapLedger, READS, WRITES } from "./shared_map_ledger.ts";

export interface MapCrashJob {
  readonly role: "write" | "read";
  readonly map: string;
  readonly ledger: string;
  readonly seed: number;
  /** A writer's place in the ledger. */
  readonly place: number;
}

/** Keys of books that are always there; between them others come, expire and go. */
export const BOOKS = 24;
export const OTHERS = 60;
export const COUNTER = "counter";
export const bookKey = (number: number): string => `book ${number}`;

const job = JSON.parse(process.argv[2] as string) as MapCrashJob;
const map = SharedMap.open(job.map);
const ledger = openMapLedger(job.ledger);
const random = new Random(job.seed);
const words = new Int32Array(BOOK_WORDS);

function book(): Uint8Array {
  const number = random.below(1_000_000);
  const length = lengthOf(number);
  fillBook(words, 0, length / 4, number);
  return new Uint8Array(words.buffer, 0, length);
}

/** The number of a whole book, or -1. */
function judged(bytes: Uint8Array): number {
  const copy = new Int32Array(bytes.slice().buffer);
  const number = copy.length === 0 ? -1 : bookNumber(copy, 0, copy.length);
  return number >= 0 && bytes.length === lengthOf(number) ? number : -1;
}

/** It is full now and then. */
function unlessFull(write: () => unknown): void {
  try {
    write();
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOSPC") throw error;
  }
}

const other = () => `other ${random.below(OTHERS)}`;
const writes: (() => unknown)[] = [
  () => map.set(bookKey(random.below(BOOKS)), book()),
  () => map.set(bookKey(random.below(BOOKS)), book()),
  () => map.set(other(), book()),
  () => map.set(other(), book(), { ttlMs: random.below(4) }),
  () => map.delete(other()),
  () => unlessFull(() => map.compareAndSet(other(), undefined, book())),
  () => {
    const key = bookKey(random.below(BOOKS));
    map.compareAndSet(key, map.get(key), book());
  },
];

async function write(): Promise<void> {
  ledger.enter(job.place);
  while (ledger.load(STOP) === 0) {
    for (let burst = random.below(300); burst > 0; burst--) {
      if (random.below(3) === 0) {
        map.increment(COUNTER);
        ledger.add(COUNTED);
      } else {
        random.pick(writes)();
        ledger.add(WRITES);
      }
    }
    if (random.below(4) === 0) await sleep(random.below(3));
  }
}

const target = new Uint8Array(BOOK_BYTES);
const reads: ((key: string) => Uint8Array | undefined)[] = [
  (key) => map.get(key),
  (key) => {
    const length = map.getInto(key, target);
    return length < 0 ? undefined : target.subarray(0, length);
  },
  (key) => {
    for (;;) {
      const offset = map.peekAt(key);
      const bytes = offset < 0 ? undefined : map.u8.slice(offset, offset + map.length);
      if (offset < 0 || map.confirm()) return bytes;
    }
  },
];

let last = 0;

function readOne(): void {
  const isBook = random.below(2) === 0;
  const bytes = random.pick(reads)(isBook ? bookKey(random.below(BOOKS)) : other());
  if (bytes === undefined && isBook) ledger.count("missing");
  if (bytes !== undefined && judged(bytes) < 0) ledger.count("torn");
  ledger.add(READS);
  const counter = map.getCounter(COUNTER) ?? -1;
  if (counter < last) ledger.count("backwards");
  last = counter;
}

function readAll(): void {
  const found = new Set<string>();
  for (const [key, value] of map) {
    if (found.has(key) && key.startsWith("book")) ledger.count("twice");
    found.add(key);
    if (key !== COUNTER && judged(value) < 0) ledger.count("torn");
    ledger.add(READS);
  }
  for (let number = 0; number < BOOKS; number++) if (!found.has(bookKey(number))) ledger.count("missing");
}

async function read(): Promise<void> {
  while (ledger.load(STOP) === 0) {
    for (let burst = random.below(200); burst > 0; burst--) readOne();
    readAll();
    await sleep(random.below(3));
  }
}

await (job.role === "write" ? write() : read());
ledger.close();
map.close();
