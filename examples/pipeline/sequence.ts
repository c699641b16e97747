// Accounting by sequence number: every tick comes once, in order, and whole.

import { COUNTERS } from "./board.ts";

export class Sequence {
  readonly #counters: Float64Array;
  #next = 0;

  constructor(counters: Float64Array) {
    this.#counters = counters;
  }

  #add(counter: number, amount: number): void {
    this.#counters[counter] = (this.#counters[counter] ?? 0) + amount;
  }

  /** A message came whole. False: it was here before. */
  see(sequence: number): boolean {
    const ahead = (sequence - this.#next) | 0; // numbers are modulo 2 ** 32
    if (ahead < 0) {
      this.#add(COUNTERS.duplicated, 1);
      return false;
    }
    if (ahead > 0) this.#add(COUNTERS.lost, ahead);
    this.#add(COUNTERS.received, 1);
    this.#next = (sequence + 1) | 0;
    return true;
  }

  /** A message came, but torn: nothing in it can be believed. */
  seeTorn(): void {
    this.#add(COUNTERS.torn, 1);
  }
}
