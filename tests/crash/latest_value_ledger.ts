// The ledger of a killed writer: what it had published, and what the readers have seen, in memory that outlives them.
//
//   word  0  STOP        the supervisor wants everybody to end
//         1  WRITER      process id of the writer once it has its role
//         2  PUBLISHED   number of the last value whose publication was over
//         3  TAKEOVERS   how many writers have come
//         8  faults, one word for each name in VALUE_FAULTS
//    byte  128           for each reader: i32 reads | i32 the highest number seen | i32 deaths told of

import { SharedMemory } from "../../mod.ts";

export const STOP = 0;
export const WRITER = 1;
export const PUBLISHED = 2;
export const TAKEOVERS = 3;
const FAULTS_WORD = 8;
const READERS_WORD = 32;
const READER_WORDS = 4;
const BYTES = 4096;

export const VALUE_FAULTS = [
  /** A reader got bytes that no writer has written as one value. */
  "torn",
  /** A value older than the one before, or whose version is not its number. */
  "misplaced",
  /** Publication had returned, and the next writer does not find the value. */
  "lost",
  /** The next writer finds a value that nobody had begun. */
  "invented",
  /** A reader found no value although there was one. */
  "missing",
  /** A reader was told of one death twice. */
  "toldTwice",
] as const;

export type ValueFault = (typeof VALUE_FAULTS)[number];

export const READS = 0;
export const SEEN = 1;
export const TOLD = 2;

export class ValueLedger {
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;

  private constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer);
  }

  static create(name: string): ValueLedger {
    return new ValueLedger(SharedMemory.create(name, { size: BYTES, unlinkOnClose: true }));
  }

  static open(name: string): ValueLedger {
    return new ValueLedger(SharedMemory.open(name));
  }

  load(word: number): number {
    return Atomics.load(this.#words, word);
  }

  store(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }

  add(word: number): void {
    Atomics.add(this.#words, word, 1);
  }

  count(fault: ValueFault): void {
    this.add(FAULTS_WORD + VALUE_FAULTS.indexOf(fault));
  }

  faults(): Record<ValueFault, number> {
    const entries = VALUE_FAULTS.map((fault, index) => [fault, this.load(FAULTS_WORD + index)]);
    return Object.fromEntries(entries) as Record<ValueFault, number>;
  }

  readerWord(reader: number, word: number): number {
    return READERS_WORD + reader * READER_WORDS + word;
  }

  close(): void {
    this.#memory.close();
  }
}
