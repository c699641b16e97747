// One side of the hunt for torn reads: writes books as fast as it can, or reads a number of them and judges each.

import process from "node:process";
import { LatestValue, SharedMemory } from "../../mod.ts";
import { BOOK_BYTES, BOOK_WORDS, bookNumber, fillBook } from "./latest_value_book.ts";

export interface TornJob {
  readonly role: "write" | "read";
  readonly latest: string;
  /** Shared memory whose first word says when the writer may end. */
  readonly stop: string;
  readonly reads: number;
}

/** What a reader's last line says. */
export interface TornResult {
  readonly reads: number;
  readonly torn: number;
  /** Reads that found an older value than the one before. */
  readonly backwards: number;
  /** Reads that found another value than the one before. */
  readonly fresh: number;
  readonly nanosecondsPerRead: number;
}

const CHUNK = 10_000;
const PROGRESS_MS = 1000;

const job = JSON.parse(process.argv[2] as string) as TornJob;
const latest = LatestValue.open(job.latest);

function write(): void {
  const memory = SharedMemory.open(job.stop);
  const stop = new Int32Array(memory.buffer, 0, 1);
  const writer = latest.writer();
  const words = new Int32Array(BOOK_WORDS);
  const bytes = new Uint8Array(words.buffer);
  for (let number = 1; Atomics.load(stop, 0) === 0; ) {
    for (let burst = 0; burst < 100; burst++) {
      fillBook(words, 0, BOOK_WORDS, number++ | 0);
      writer.write(bytes);
    }
  }
  memory.close();
}

const reader = latest.reader();
const bytes = new Uint8Array(BOOK_BYTES);
const words = new Int32Array(bytes.buffer);
let [torn, backwards, fresh, last] = [0, 0, 0, 0];

function judge(number: number): void {
  const { version } = reader;
  if (number >>> 0 !== version % 2 ** 32) torn++;
  if (version < last) backwards++;
  if (version !== last) fresh++;
  last = version;
}

function readCopies(count: number): void {
  for (let done = 0; done < count; done++) {
    reader.tryReadInto(bytes);
    judge(bookNumber(words, 0, BOOK_WORDS));
  }
}

function readInPlace(count: number): void {
  for (let done = 0; done < count; ) {
    const number = bookNumber(reader.i32, reader.peekAt() / 4, BOOK_WORDS);
    if (!reader.confirm()) continue;
    judge(number);
    done++;
  }
}

async function read(): Promise<TornResult> {
  while (reader.tryRead() === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  const started = performance.now();
  let said = started;
  for (let done = 0; done < job.reads; done += CHUNK) {
    if ((done / CHUNK) % 2 === 0) readCopies(CHUNK);
    else readInPlace(CHUNK);
    if (performance.now() - said < PROGRESS_MS) continue;
    said = performance.now();
    console.log(done);
  }
  const reads = Math.ceil(job.reads / CHUNK) * CHUNK;
  const nanosecondsPerRead = Math.round(((performance.now() - started) * 1e6) / reads);
  return { reads, torn, backwards, fresh, nanosecondsPerRead };
}

if (job.role === "write") write();
else console.log(JSON.stringify(await read()));
latest.close();
