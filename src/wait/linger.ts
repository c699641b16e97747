// Linger: before an awaiting side parks, it looks again in some turns of the event loop. What comes so soon needs no
// wake-up, which takes both sides longer than the message itself.

import { setImmediate } from "node:timers";
import { clockMonotonic } from "../sys/futex.ts";

/** Unless told otherwise: a peer that is asleep has been woken, and has answered, by then. */
const USUAL_NS = 200_000;
/** After vain lingers so many waits park at once, twice as many each time: who is told once in a while pays nothing. */
const SKIPS_MOST = 64;

/** One queue's. A first wait does not linger: it may be the only one. */
export class Linger {
  readonly #longest: number;
  readonly #look: () => void;
  /** When it ends; 0: it has not begun. */
  #end = 0;
  #isTurnPending = false;
  #skips = 1;
  #skipsLeft = 1;
  readonly #onTurn = () => {
    this.#isTurnPending = false;
    this.#look();
  };

  /** `look` runs in each turn. `spinMs`: how long; 0 = never. */
  constructor(spinMs: number | undefined, look: () => void) {
    this.#longest = spinMs === undefined ? USUAL_NS : spinMs * 1e6;
    this.#look = look;
  }

  /** After a look in vain: whether there will be another one. False: park. */
  goesOn(): boolean {
    if (this.#isTurnPending) return true;
    if (this.#end === 0 && !this.#begin()) return false;
    if (clockMonotonic() >= this.#end) {
      this.fail();
      return false;
    }
    this.#isTurnPending = true;
    setImmediate(this.#onTurn);
    return true;
  }

  #begin(): boolean {
    if (this.#longest === 0) return false;
    if (this.#skipsLeft > 0) {
      this.#skipsLeft--;
      return false;
    }
    this.#end = clockMonotonic() + this.#longest;
    return true;
  }

  /** All looks were in vain, or nobody waits any more. */
  fail(): void {
    if (this.#end === 0) return;
    this.#end = 0;
    this.#skips = Math.min(2 * this.#skips, SKIPS_MOST);
    this.#skipsLeft = this.#skips;
  }

  /** A look was not in vain. */
  succeed(): void {
    if (this.#end === 0) return;
    this.#end = 0;
    this.#skips = 1;
  }
}
