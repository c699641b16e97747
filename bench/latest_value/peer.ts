// One process of the measurement: reads or writes a book as fast as it can, or writes one at a steady pace.
import process from "node:process";
import { LatestValue, SharedMemory } from "../../mod.ts";
import { pause } from "../../src/sys/futex.ts";
import { nowNs } from "../ring/clock.ts";
import { Samples } from "../ring/samples.ts";

export interface ValueBenchJob {
  readonly name: string;
  /** Of the way in `WAYS`; "pace" is the writer beside a reader. */
  readonly way: string;
  readonly paceNs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export const BOOK_BYTES = 336;
const BLOCK = 1000;
const NANOSECONDS_PER_MS = 1e6;

const job = JSON.parse(process.argv[2] as string) as ValueBenchJob;
const latest = LatestValue.open(job.name);
const bytes = new Uint8Array(BOOK_BYTES);
const stopMemory = SharedMemory.open(`${job.name}-stop`);
const stop = new Int32Array(stopMemory.buffer, 0, 1);

const isWriting = job.way === "write" || job.way === "claim" || job.way === "pace";
const reader = latest.reader();
const { f64 } = reader;
const writer = isWriting ? latest.writer() : undefined;
let sum = 0;

const WAYS: Record<string, () => void> = {
  tryReadInto: () => {
    for (let i = 0; i < BLOCK; i++) reader.tryReadInto(bytes);
  },
  tryRead: () => {
    for (let i = 0; i < BLOCK; i++) sum += reader.tryRead()?.length ?? 0;
  },
  peek: () => {
    const [from, doubles] = [reader, f64]; // a program in a hurry keeps them in locals, as the control does
    let total = 0.5; // a double from the start: V8 would make a new object for each sum
    for (let i = 0; i < BLOCK; i++) {
      let prices = 0.5;
      do {
        const at = from.peekAt() >> 3;
        prices = doubles[at + 2] + doubles[at + 22];
      } while (!from.confirm());
      total += prices;
    }
    sum += total;
  },
  write: () => {
    for (let i = 0; i < BLOCK; i++) writer?.write(bytes);
  },
  claim: () => {
    if (writer === undefined) return;
    for (let i = 0; i < BLOCK; i++) {
      const at = writer.claimAt() / 8;
      writer.f64[at + 2] = i;
      writer.f64[at + 22] = i;
      writer.commit();
    }
  },
};

function measure(work: () => void): void {
  const samples = new Samples();
  const begin = nowNs() + job.warmUpMs * NANOSECONDS_PER_MS;
  const end = begin + job.measureMs * NANOSECONDS_PER_MS;
  for (let before = nowNs(); before < end; ) {
    work();
    const after = nowNs();
    if (before >= begin) samples.add((after - before) / BLOCK);
    before = after;
  }
  samples.print();
}

function keepPace(): void {
  for (let next = nowNs(); Atomics.load(stop, 0) === 0; next += job.paceNs) {
    while (nowNs() < next) pause(1);
    bytes[0]++;
    writer?.write(bytes);
  }
}

if (job.way === "pace") keepPace();
else {
  measure(WAYS[job.way] as () => void);
  Atomics.store(stop, 0, 1);
}
latest.close();
stopMemory.close();
if (Number.isNaN(sum)) console.error("the book's prices are no numbers");
