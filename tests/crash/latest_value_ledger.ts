// The ledger of killed writers of a latest value: what they had published, and what the readers have seen.
//
//   words  WRITER, pid of the one that has the role | PUBLISHED, number of the last value whose publication was over
//          TAKEOVERS, how many writers have come | TAKEN_AT, when the last one came, in us
//   more   for each reader: reads | the highest number seen | deaths told of

import { CrashLedger, MORE } from "./ledger.ts";

export const [WRITER, PUBLISHED, TAKEOVERS, TAKEN_AT] = [1, 2, 3, 4] as const;
export const [READS, SEEN, TOLD] = [0, 1, 2] as const;
const READER_WORDS = 4;
const READERS_MOST = 8;

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
export type ValueLedger = CrashLedger<ValueFault>;

export const createValueLedger = (name: string): ValueLedger =>
  CrashLedger.create(name, VALUE_FAULTS, READER_WORDS * READERS_MOST);
export const openValueLedger = (name: string): ValueLedger => CrashLedger.open(name, VALUE_FAULTS);

/** The index of a reader's word. */
export const readerWord = (reader: number, word: number): number => MORE + reader * READER_WORDS + word;
