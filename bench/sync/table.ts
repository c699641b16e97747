// What the two processes of a hand-off share beside the mutex: whose turn it is, and when the lock was given up.
import { Mutex, SharedMemory } from "../../mod.ts";
import type { Job } from "../ring/job.ts";
import { openOnce } from "../ring/open.ts";

const ROUND = 0;
const ANSWERED = 16;
const STAMP = 16;
export const LAST_ROUND = -1;

export class Table {
  readonly mutex: Mutex;
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;
  readonly #times: Float64Array;

  private constructor(mutex: Mutex, memory: SharedMemory) {
    this.mutex = mutex;
    this.#memory = memory;
    this.#words = new Int32Array(memory.buffer);
    this.#times = new Float64Array(memory.buffer);
  }

  static create({ name }: Job): Table {
    const memory = SharedMemory.create(`${name}-table`, { size: 4096, unlinkOnClose: true });
    return new Table(Mutex.create(`${name}-mutex`, { unlinkOnClose: true }), memory);
  }

  static open({ name }: Job): Table {
    const mutex = openOnce(() => Mutex.open(`${name}-mutex`));
    return new Table(mutex, SharedMemory.open(`${name}-table`));
  }

  get round(): number {
    return Atomics.load(this.#words, ROUND);
  }

  set round(number: number) {
    Atomics.store(this.#words, ROUND, number);
  }

  get answered(): number {
    return Atomics.load(this.#words, ANSWERED);
  }

  set answered(number: number) {
    Atomics.store(this.#words, ANSWERED, number);
  }

  /** When the holder gave the lock up; ordered by the lock itself. */
  get stamp(): number {
    return this.#times[STAMP] as number;
  }

  set stamp(now: number) {
    this.#times[STAMP] = now;
  }

  close(): void {
    this.mutex.close();
    this.#memory.close();
  }
}
