// Rests: how long one side rests after a vain look, so as not to stay at the other's heels (D17b).

import { TURNS_PER_REST } from "../../wait/spin.ts";

/** 5 to 10 us, depending on the engine. */
const LONGEST_TURNS = 10_000;
/** Nothing comes while a batch is written, but not for so long. */
const BATCH_TURNS = 4096;

/**
 * Where bytes come about as fast as cache lines can cross, one in two turns, each rest is twice as long as the one before:
 * who looks again at once fights with the other side for each line, and both are several times as slow. Anything slower
 * is answered by the shortest rest.
 */
export class Rests {
  /** Turns. */
  private readonly longest: number = 0;
  private turns = TURNS_PER_REST;
  /** Position when something had come, how many bytes, and the turns rested since. */
  private lookedAt = 0;
  private came = 0;
  private rested = 0;

  /** For a ring of that many bytes. */
  constructor(capacity: number) {
    this.longest = Math.min(LONGEST_TURNS, capacity >> 3);
  }

  /** Turns to rest after a vain look from this position. */
  after(position: number): number {
    const came = (position - this.lookedAt) | 0;
    if (came === 0) {
      const isOver = this.rested > Math.min(2 * this.came, BATCH_TURNS);
      if (isOver) this.turns = TURNS_PER_REST;
      else this.rested += this.turns; // it stays as it is
      return this.turns;
    }
    this.turns = 2 * came >= this.rested ? Math.min(2 * this.turns, this.longest) : TURNS_PER_REST;
    this.lookedAt = position;
    this.came = came;
    this.rested = this.turns;
    return this.turns;
  }
}
