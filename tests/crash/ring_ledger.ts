// The ledger: what both sides of a ring have done, kept in shared memory so that it outlives them.
//
//   word  0  STOP         the supervisor wants the stream to end
//         1  SENT         messages of which the producer knows that they are committed: noted after each commit
//         2  PROCESSED    messages that the consumer has processed: noted after each one, before it asks for the next
//         3  TOTAL        messages of the whole stream, noted by the producer before it closes
//         4  ENDED        the consumer has seen the end of the stream
//         5  PRODUCER     process id of the producer once it has its role, 0 before
//         6  CONSUMER     the same of the consumer
//         8  faults       one word for each name in FAULTS
//        32  TOLD         how many deaths the producer was told of; 33 the same of the consumer
//    byte  256            for each death told: f64 instant in ns | i32 who was told | i32 who had died; the producer's,
//                         then the consumer's
//    byte  HISTORY_OFFSET i32 position of each message, by its number modulo HISTORY_LENGTH
//
// Committed is what the ring's marks say, and nothing else: sizes follow from numbers, so a position belongs to exactly
// one number, and a restarted producer finds its number by walking from the consumer's last position to its own.
// PROCESSED is one word, stored after the message was judged: a consumer that is killed has either processed it or not.

import { SharedMemory } from "../../mod.ts";
import { SharedWords } from "./shared_words.ts";

export const STOP = 0;
export const SENT = 1;
export const PROCESSED = 2;
export const TOTAL = 3;
export const ENDED = 4;
export const PRODUCER = 5;
export const CONSUMER = 6;
const FAULTS_WORD = 8;
const TOLD = 32;

/** What may be wrong, and what is counted besides. */
export const FAULTS = [
  "lost",
  "reordered",
  "torn",
  "misplaced",
  /** Commit had returned, and a restarted producer does not find the message in the ring. */
  "uncommitted",
  /** The ring has more messages than were sent. */
  "invented",
  /** A message came again to a consumer that was not restarted, or one that had long been acknowledged. */
  "unfoundedDuplicates",
  /** Not a fault: a restarted consumer saw these again, and their positions said so. */
  "duplicates",
] as const;

export type Fault = (typeof FAULTS)[number];

const TOLD_OFFSET = 256;
const TOLD_SIZE = 16;
const TOLD_MOST = 4096;
const HISTORY_OFFSET = TOLD_OFFSET + 2 * TOLD_SIZE * TOLD_MOST;
export const HISTORY_LENGTH = 1 << 16;
const LEDGER_BYTES = HISTORY_OFFSET + HISTORY_LENGTH * 4;

export type Side = "producer" | "consumer";

/** A survivor was told of a death. */
export interface Told {
  readonly instant: number;
  readonly survivor: number;
  readonly dead: number;
}

export class Ledger extends SharedWords {
  readonly #instants: Float64Array;
  readonly #history: Int32Array;

  private constructor(memory: SharedMemory) {
    super(memory);
    this.#instants = new Float64Array(memory.buffer, 0, HISTORY_OFFSET / 8);
    this.#history = new Int32Array(memory.buffer, HISTORY_OFFSET, HISTORY_LENGTH);
  }

  static create(name: string): Ledger {
    return new Ledger(SharedWords.make(name, LEDGER_BYTES));
  }

  static open(name: string): Ledger {
    return new Ledger(SharedMemory.open(name));
  }

  count(fault: Fault, by = 1): void {
    this.add(FAULTS_WORD + FAULTS.indexOf(fault), by);
  }

  faults(): Record<Fault, number> {
    return this.counts(FAULTS, FAULTS_WORD);
  }

  /** Processed: its position first, then the one word that says so. */
  process(sequence: number, position: number): void {
    this.#history[sequence % HISTORY_LENGTH] = position;
    this.store(PROCESSED, sequence + 1);
  }

  /** Where a message stood that was processed not long ago. */
  positionOf(sequence: number): number {
    return Atomics.load(this.#history, sequence % HISTORY_LENGTH) >>> 0;
  }

  #entry(side: Side, index: number): number {
    return TOLD_OFFSET + ((side === "consumer" ? TOLD_MOST : 0) + (index % TOLD_MOST)) * TOLD_SIZE;
  }

  #toldWord(side: Side): number {
    return side === "consumer" ? TOLD + 1 : TOLD;
  }

  /** Notes what a side was told; each side has one process at a time, so each list has one writer. */
  tell(side: Side, { instant, survivor, dead }: Told): void {
    const index = this.load(this.#toldWord(side));
    const at = this.#entry(side, index);
    this.#instants[at / 8] = instant;
    this.store(at / 4 + 2, survivor);
    this.store(at / 4 + 3, dead);
    this.store(this.#toldWord(side), index + 1);
  }

  /** How many deaths the side was told of. */
  toldCount(side: Side): number {
    return this.load(this.#toldWord(side));
  }

  /** What the side was told, from the first `from` on. */
  told(side: Side, from = 0): Told[] {
    const found: Told[] = [];
    for (let index = from; index < this.toldCount(side); index++) {
      const at = this.#entry(side, index);
      const [survivor, dead] = [this.load(at / 4 + 2), this.load(at / 4 + 3)];
      found.push({ instant: this.#instants[at / 8] as number, survivor, dead });
    }
    return found;
  }
}
