// The ledger of killed map writers: what was counted and seen, in memory that outlives them.
//
//   word  0  STOP        the supervisor wants everybody to end
//         1  COUNTED     increments that have returned
//         2  WRITES      other writes that have returned
//         3  READS       values that were read and judged
//         8  faults, one word for each name in MAP_FAULTS

import { SharedMemory } from "../../mod.ts";

export const STOP = 0;
export const COUNTED = 1;
export const WRITES = 2;
export const READS = 3;
const FAULTS_WORD = 8;
const BYTES = 4096;

export const MAP_FAULTS = [
  /** A value that no writer has written as one. */
  "torn",
  /** A key that is always there was not found. */
  "missing",
  /** A counter that went back. */
  "backwards",
  /** An iteration gave a key twice. */
  "twice",
] as const;

export type MapFault = (typeof MAP_FAULTS)[number];

export class MapLedger {
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;

  private constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer);
  }

  static create(name: string): MapLedger {
    return new MapLedger(SharedMemory.create(name, { size: BYTES, unlinkOnClose: true }));
  }

  static open(name: string): MapLedger {
    return new MapLedger(SharedMemory.open(name));
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

  count(fault: MapFault): void {
    this.add(FAULTS_WORD + MAP_FAULTS.indexOf(fault));
  }

  faults(): Record<MapFault, number> {
    const entries = MAP_FAULTS.map((fault, index) => [fault, this.load(FAULTS_WORD + index)]);
    return Object.fromEntries(entries) as Record<MapFault, number>;
  }

  close(): void {
    this.#memory.close();
  }
}
