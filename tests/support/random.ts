// Random numbers that a failed test can repeat: from a seed that is printed.

import process from "node:process";

/** mulberry32: small, good enough for tests, the same on every runtime. */
export class Random {
  readonly seed: number;
  #state: number;

  /** The seed comes from LINUX_IPC_SEED, so that a failure can be repeated, or from the clock. */
  constructor(seed: number = Number(process.env.LINUX_IPC_SEED || Date.now() % 2 ** 31)) {
    this.seed = seed;
    this.#state = seed | 0;
  }

  /** A whole number from 0 to 2 ** 32 - 1. */
  word(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return (value ^ (value >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.word() / 2 ** 32) * limit);
  }

  bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.below(256));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}
