// The ledger of killed lock holders: what a mutex protects, who is where in its code, and who was told of which death.
//
//   words  FIRST and SECOND, equal whenever the mutex is free | INSIDE, pid of the owner | faults | told deaths | stop
//   seat   pid | where it is: OUTSIDE, LOCKING, HOLDING, UNLOCKING | turns
//   told   pid of the dead | kind of the one who was told | when, in us; written in possession

import { SharedMemory } from "../../mod.ts";
import { clockMonotonic } from "../../src/sys/futex.ts";

export const FIRST = 0;
export const SECOND = 1;
export const INSIDE = 2;
export const TWO_OWNERS = 3;
export const TORN = 4;
export const TOLD_COUNT = 5;
export const STOP = 6;
export const SEATS = 32;
export const SEAT_WORDS = 32;
export const SEATS_COUNT = 6;
export const TOLD = 512;
const TOLD_WORDS = 3;
const WORDS = 1 << 18;

/** Where the process of a seat is; only HOLDING is certain possession, only OUTSIDE certain none. */
export const [OUTSIDE, LOCKING, HOLDING, UNLOCKING] = [0, 1, 2, 3] as const;
export const SEAT_PID = 0;
export const SEAT_STATE = 1;
export const SEAT_TURNS = 2;

/** The numbers above for the C peer. */
export const ledgerDefinitions: readonly string[] = Object.entries({
  FIRST,
  SECOND,
  INSIDE,
  TWO_OWNERS,
  TORN,
  TOLD_COUNT,
  STOP,
  SEATS,
  SEAT_WORDS,
  TOLD,
}).map(([name, value]) => `-DLEDGER_${name}=${value}`);

export interface Told {
  readonly dead: number;
  readonly kind: number;
  readonly instant: number;
}

/** CLOCK_MONOTONIC in microseconds, modulo 2 ** 31, as all processes see it. */
export function microseconds(): number {
  return Math.floor(clockMonotonic() / 1000) % 2 ** 31;
}

export class LockLedger {
  readonly words: Int32Array;
  readonly #memory: SharedMemory;

  private constructor(memory: SharedMemory) {
    this.#memory = memory;
    this.words = new Int32Array(memory.buffer);
  }

  static create(name: string): LockLedger {
    return new LockLedger(SharedMemory.create(name, { size: 4 * WORDS, unlinkOnClose: true }));
  }

  static open(name: string): LockLedger {
    return new LockLedger(SharedMemory.open(name));
  }

  load(index: number): number {
    return Atomics.load(this.words, index);
  }

  store(index: number, value: number): void {
    Atomics.store(this.words, index, value);
  }

  /** The index of a seat's word. */
  seat(seat: number, word: number): number {
    return SEATS + seat * SEAT_WORDS + word;
  }

  /** Notes, in possession, who is told of whose death. */
  tell(dead: number, kind: number): void {
    const count = this.load(TOLD_COUNT);
    const at = TOLD + TOLD_WORDS * count;
    this.store(at, dead);
    this.store(at + 1, kind);
    this.store(at + 2, microseconds());
    this.store(TOLD_COUNT, count + 1);
  }

  /** Deaths told, from number `first` on. */
  told(first = 0): Told[] {
    return Array.from({ length: this.load(TOLD_COUNT) - first }, (_, index) => {
      const at = TOLD + TOLD_WORDS * (first + index);
      return { dead: this.load(at), kind: this.load(at + 1), instant: this.load(at + 2) };
    });
  }

  close(): void {
    this.#memory.close();
  }
}
