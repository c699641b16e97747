// Recency: which entry of a map was used least recently. Every use stamps its slot with a number that only grows.

import * as layout from "./layout.ts";
import type { MapTable } from "./table.ts";

/** One look at all stamps serves that many evictions, or an eighth of the map if that is less. */
const CANDIDATES_MOST = 4096;
const CANDIDATES_LEAST = 16;
const SAMPLES = 1024;

export class Recency {
  readonly #table: MapTable;
  readonly #tick: number;
  /** The oldest entries at the time of the last look, the oldest first, and their stamps then. */
  #links: number[] = [];
  #stamps: number[] = [];
  #next = 0;

  constructor(table: MapTable) {
    this.#table = table;
    this.#tick = table.word(layout.TICK);
  }

  /** This slot is used now. Anybody may say so, without the lock; about a slot that was freed meanwhile it is no harm. */
  touch(link: number): void {
    const { i32, f64, used } = this.#table;
    const tick = Atomics.add(i32, this.#tick, 1);
    const epoch = tick === -1 ? Atomics.add(i32, this.#tick + 1, 1) : (i32[this.#tick + 1] as number);
    f64[used + link] = epoch * 2 ** 32 + (tick >>> 0) + 1;
  }

  /** This slot is free. */
  forget(link: number): void {
    const { f64, used } = this.#table;
    f64[used + link] = 0;
  }

  /**
   * The slot that was used least recently, for the holder of the lock. Who was used since the last look has another stamp,
   * and everybody else was younger then: so the first candidate whose stamp is the same is the oldest of all. Where all
   * are used again faster than two looks can tell, any of them is as good.
   */
  oldest(): number {
    const { f64, used } = this.#table;
    for (let looks = 0; ; looks++) {
      while (this.#next < this.#links.length) {
        const index = this.#next++;
        const link = this.#links[index] as number;
        if (looks > 1 || f64[used + link] === this.#stamps[index]) return link;
      }
      this.#collect();
    }
  }

  /** The slots whose stamps are at most that, and were not 0. */
  #upTo(most: number): { link: number; stamp: number }[] {
    const { f64, used, slots } = this.#table;
    const found: { link: number; stamp: number }[] = [];
    for (let link = 1; link <= slots; link++) {
      const stamp = f64[used + link] as number;
      if (stamp > 0 && stamp <= most) found.push({ link, stamp });
    }
    return found;
  }

  #collect(): void {
    let found = this.#upTo(this.#threshold());
    if (found.length === 0) found = this.#upTo(Number.POSITIVE_INFINITY); // all were used since the threshold was taken
    if (found.length === 0) throw this.#table.corrupted("no entry has a stamp of use");
    found.sort((left, right) => left.stamp - right.stamp);
    this.#links = found.map(({ link }) => link);
    this.#stamps = found.map(({ stamp }) => stamp);
    this.#next = 0;
  }

  /** A stamp that about as many entries do not exceed as there should be candidates: from a sample. */
  #threshold(): number {
    const { f64, used, slots, geometry } = this.#table;
    const step = Math.max(1, Math.floor(slots / SAMPLES));
    const sample: number[] = [];
    for (let link = 1; link <= slots; link += step) {
      const stamp = f64[used + link] as number;
      if (stamp > 0) sample.push(stamp);
    }
    sample.sort((left, right) => left - right);
    const wanted = Math.min(CANDIDATES_MOST, Math.max(CANDIDATES_LEAST, geometry.capacity >> 3));
    const index = Math.floor((sample.length * wanted) / slots);
    return sample[Math.min(index, sample.length - 1)] ?? Number.POSITIVE_INFINITY;
  }
}
