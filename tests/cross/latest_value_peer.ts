// A process that writes books into a latest value in all ways, or reads them in all ways and judges each.

import process from "node:process";
import { LatestValue, type LatestValueReader, type LatestValueWriter } from "../../mod.ts";
import { Random } from "../support/random.ts";
import { BOOK_BYTES, BOOK_WORDS, bookNumber, fillBook, lengthOf } from "./latest_value_book.ts";

export interface ValueJob {
  readonly role: "write" | "read";
  readonly name: string;
  readonly seed: number;
  /** Books to write. */
  readonly count: number;
  readonly spinMs?: number;
}

/** What a reader's last line says. */
export interface ValueResult {
  reads: number;
  torn: number;
  /** A value with an older version than the one before, or whose number is not its version. */
  misplaced: number;
  last: number;
  ended: boolean;
}

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function writeOne(writer: LatestValueWriter, words: Int32Array, number: number, way: number): void {
  const length = lengthOf(number);
  if (way === 0) {
    fillBook(words, 0, length / 4, number);
    writer.write(new Uint8Array(words.buffer, 0, length));
  } else {
    fillBook(writer.i32, writer.claimAt() / 4, length / 4, number);
    writer.commit(length);
  }
}

async function write(latest: LatestValue, { seed, count }: ValueJob): Promise<void> {
  const random = new Random(seed);
  const writer = latest.writer();
  const words = new Int32Array(BOOK_WORDS);
  for (let number = 1; number <= count; ) {
    const burst = Math.min(count - number + 1, 1 + random.below(random.pick([3, 50, 2000])));
    const way = random.below(2);
    for (let done = 0; done < burst; done++) writeOne(writer, words, number++, way);
    const pause = random.below(8);
    if (pause === 0) await sleep(random.below(4));
  }
  writer.close();
}

class Judge {
  readonly result: ValueResult = { reads: 0, torn: 0, misplaced: 0, last: 0, ended: false };

  take(reader: LatestValueReader, number: number, length: number): void {
    const { result } = this;
    result.reads++;
    if (number < 0) result.torn++;
    else if (number !== reader.version || number < result.last || length !== lengthOf(number)) result.misplaced++;
    else result.last = number;
  }

  takeBytes(reader: LatestValueReader, bytes: Uint8Array): void {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    this.take(reader, bookNumber(words, 0, words.length), bytes.length);
  }
}

/** Each way reads a few values; the ones that wait end with PeerClosedError. */
const ways: Record<string, (reader: LatestValueReader, judge: Judge) => void | Promise<void>> = {
  tryRead(reader, judge) {
    const bytes = reader.tryRead();
    if (bytes !== undefined) judge.takeBytes(reader, bytes);
  },
  tryReadInto(reader, judge) {
    const bytes = new Uint8Array(BOOK_BYTES);
    const length = reader.tryReadInto(bytes);
    if (length >= 0) judge.takeBytes(reader, bytes.subarray(0, length));
  },
  inPlace(reader, judge) {
    for (;;) {
      const offset = reader.peekAt();
      if (offset < 0) return;
      const length = reader.length;
      const number = bookNumber(reader.i32, offset / 4, length / 4);
      if (!reader.confirm()) continue;
      judge.take(reader, number, length);
      return;
    }
  },
  tryNext(reader, judge) {
    const bytes = reader.tryNext();
    if (bytes !== undefined) judge.takeBytes(reader, bytes);
  },
  nextSync(reader, judge) {
    const bytes = reader.nextSync({ timeoutMs: 20 });
    if (bytes !== undefined) judge.takeBytes(reader, bytes);
  },
  async next(reader, judge) {
    const bytes = await reader.next();
    if (bytes !== undefined) judge.takeBytes(reader, bytes);
  },
  async iterate(reader, judge) {
    let count = 0;
    for await (const bytes of reader) {
      judge.takeBytes(reader, bytes);
      if (++count === 20) break;
    }
  },
};

async function read(latest: LatestValue, { seed }: ValueJob): Promise<ValueResult> {
  const random = new Random(seed);
  const reader = latest.reader();
  const judge = new Judge();
  console.log("reading");
  while (!reader.ended) {
    const way = ways[random.pick(Object.keys(ways))] as (typeof ways)[string];
    for (let count = 1 + random.below(20); count > 0 && !reader.ended; count--) {
      try {
        await way(reader, judge);
      } catch (error) {
        if ((error as { code?: string }).code !== "EPIPE") throw error;
      }
    }
  }
  judge.result.ended = reader.ended;
  return judge.result;
}

const job = JSON.parse(process.argv[2] as string) as ValueJob;
const { name, spinMs } = job;
const latest = LatestValue.open(name, spinMs === undefined ? {} : { spinMs });
if (job.role === "write") await write(latest, job);
else console.log(JSON.stringify(await read(latest, job)));
latest.close();
