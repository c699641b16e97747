// The ledger of a test that kills: what its processes have done and seen, in memory that outlives them.
//
//   word  0       STOP     everybody is to end
//         1..31   what the test counts
//        32..63   faults, one word for each name
//        64..     places, 16 words each: pid of a process that is ready | 1 = it may work | what the test notes of it
//      1088..     more, where a test asks for it

import process from "node:process";
import { Futex, SharedMemory } from "../../mod.ts";
import { clockMonotonic } from "../../src/sys/futex.ts";
import { SharedWords } from "./shared_words.ts";

export const STOP = 0;
export const FAULTS = 32;
export const PLACES = 64;
export const PLACE_WORDS = 16;
export const PLACES_COUNT = 64;
export const MORE = PLACES + PLACES_COUNT * PLACE_WORDS;

/** Words of a place; from OWN on they are the test's. */
export const PID = 0;
export const GATE = 1;
export const OWN = 2;

/** CLOCK_MONOTONIC in microseconds, modulo 2 ** 31, as all processes see it. */
export function microseconds(): number {
  return Math.floor(clockMonotonic() / 1000) % 2 ** 31;
}

export class CrashLedger<Fault extends string> extends SharedWords {
  readonly #faults: readonly Fault[];

  private constructor(memory: SharedMemory, faults: readonly Fault[]) {
    super(memory);
    this.#faults = faults;
  }

  static create<Fault extends string>(name: string, faults: readonly Fault[], more = 0): CrashLedger<Fault> {
    return new CrashLedger(SharedWords.make(name, 4 * (MORE + more)), faults);
  }

  static open<Fault extends string>(name: string, faults: readonly Fault[]): CrashLedger<Fault> {
    return new CrashLedger(SharedMemory.open(name), faults);
  }

  count(fault: Fault): void {
    this.add(FAULTS + this.#faults.indexOf(fault));
  }

  faults(): Record<Fault, number> {
    return this.counts(this.#faults, FAULTS);
  }

  /** The index of a word of a place. */
  place(place: number, word: number): number {
    return PLACES + place * PLACE_WORDS + word;
  }

  /** For the next process at this place. */
  clear(place: number): void {
    this.words.fill(0, this.place(place, 0), this.place(place + 1, 0));
  }

  #gate(place: number): Futex {
    return Futex.over(this.memory, 4 * this.place(place, GATE));
  }

  /** Announces this process, and blocks it until it may work: it costs nothing meanwhile. */
  enter(place: number): void {
    const gate = this.#gate(place);
    this.store(this.place(place, PID), process.pid);
    while (gate.load() === 0) gate.waitSync(0);
  }

  isReady(place: number): boolean {
    return this.load(this.place(place, PID)) !== 0;
  }

  openGate(place: number): void {
    const gate = this.#gate(place);
    gate.store(1);
    gate.wake();
  }
}
