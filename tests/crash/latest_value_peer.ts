// A writer that may be killed at any instant and goes on where its predecessor was, or a reader that outlives them all.

import process from "node:process";
import { LatestValue, type LatestValueReader, type LatestValueWriter, PeerDiedError } from "../../mod.ts";
import { BOOK_BYTES, BOOK_WORDS, bookNumber, fillBook, lengthOf } from "../cross/latest_value_book.ts";
import { Random } from "../support/random.ts";
import { sleep } from "../support/wait.ts";
import * as at from "./latest_value_ledger.ts";
import { microseconds, STOP } from "./ledger.ts";

export interface ValueCrashJob {
  readonly role: "write" | "read";
  readonly latest: string;
  readonly ledger: string;
  readonly seed: number;
  /** A writer's place in the ledger, or which reader it is. */
  readonly place: number;
}

const job = JSON.parse(process.argv[2] as string) as ValueCrashJob;
const latest = LatestValue.open(job.latest);
const ledger = at.openValueLedger(job.ledger);
const random = new Random(job.seed);

/** Several try to take the role; it is free as soon as its holder is dead. */
async function takeRole(): Promise<LatestValueWriter | undefined> {
  while (ledger.load(STOP) === 0) {
    try {
      return latest.writer();
    } catch (error) {
      if ((error as { code?: string }).code !== "EBUSY") throw error;
    }
    await sleep(1);
  }
  return undefined;
}

/** What the predecessor left must be what it had published, or the one value that it was publishing. */
function checkTakeover({ version }: LatestValueWriter): void {
  const published = ledger.load(at.PUBLISHED);
  if (version < published) ledger.count("lost");
  if (version > published + 1) ledger.count("invented");
  ledger.store(at.PUBLISHED, version);
  ledger.add(at.TAKEOVERS);
}

function writeOne(writer: LatestValueWriter, words: Int32Array, number: number): void {
  const length = lengthOf(number);
  if (number % 2 === 0) {
    fillBook(words, 0, length / 4, number);
    writer.write(new Uint8Array(words.buffer, 0, length));
  } else {
    fillBook(writer.i32, writer.claimAt() / 4, length / 4, number);
    writer.commit(length);
  }
  ledger.store(at.PUBLISHED, number);
}

async function write(): Promise<void> {
  ledger.enter(job.place);
  const writer = await takeRole();
  if (writer === undefined) return;
  checkTakeover(writer);
  ledger.store(at.TAKEN_AT, microseconds());
  ledger.store(at.WRITER, process.pid);
  const words = new Int32Array(BOOK_WORDS);
  for (let number = writer.version + 1; ledger.load(STOP) === 0; ) {
    for (let burst = random.below(400); burst > 0; burst--) writeOne(writer, words, number++);
    if (random.below(4) === 0) await sleep(random.below(3));
  }
  writer.close();
}

const read: Record<string, (reader: LatestValueReader) => Uint8Array | undefined | Promise<Uint8Array | undefined>> = {
  tryRead: (reader) => reader.tryRead(),
  tryReadInto(reader) {
    const bytes = new Uint8Array(BOOK_BYTES);
    const length = reader.tryReadInto(bytes);
    return length < 0 ? undefined : bytes.subarray(0, length);
  },
  tryNext: (reader) => reader.tryNext(),
  nextSync: (reader) => reader.nextSync({ timeoutMs: 2 }),
  next: (reader) => reader.next({ timeoutMs: 50 }),
};

let last = 0;

function judge(way: string, reader: LatestValueReader, bytes: Uint8Array | undefined): void {
  if (bytes === undefined) {
    if (last > 0 && !way.startsWith("next") && way !== "tryNext") ledger.count("missing");
    return;
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const number = bookNumber(words, 0, words.length);
  if (number < 0) ledger.count("torn");
  else if (number !== reader.version || number < last || bytes.length !== lengthOf(number)) ledger.count("misplaced");
  last = number;
  ledger.add(at.readerWord(job.place, at.READS));
  ledger.store(at.readerWord(job.place, at.SEEN), number);
}

/** Process ids come again, but not before the kernel has been around. */
const SAME_PROCESS_TAKEOVERS = 100;
const toldAt = new Map<number, number>();

function noteDeath(pid: number): void {
  const takeovers = ledger.load(at.TAKEOVERS);
  if (takeovers - (toldAt.get(pid) ?? -SAME_PROCESS_TAKEOVERS) < SAME_PROCESS_TAKEOVERS) ledger.count("toldTwice");
  toldAt.set(pid, takeovers);
  ledger.add(at.readerWord(job.place, at.TOLD));
}

const isEnd = (error: unknown) => (error as { code?: string }).code === "EPIPE";

/** Reads in one of the ways a few times; the deaths of which it is told are counted. */
async function turn(reader: LatestValueReader): Promise<void> {
  const way = random.pick(Object.keys(read));
  try {
    for (let count = random.below(60); count >= 0; count--) judge(way, reader, await read[way]?.(reader));
  } catch (error) {
    if (isEnd(error)) return;
    if (!(error instanceof PeerDiedError)) throw error;
    noteDeath(error.pid);
  }
}

async function observe(): Promise<void> {
  const reader = latest.reader();
  while (ledger.load(STOP) === 0 || !reader.ended) {
    await turn(reader);
    await sleep(random.below(3));
  }
  judge("tryRead", reader, reader.tryRead());
}

await (job.role === "write" ? write() : observe());
ledger.close();
latest.close();
