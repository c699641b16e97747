// NotifyingWord: a word behind an eventcount; changing it advances the eventcount in the same instruction.
//
// Nobody owns an event or a counting semaphore, so nobody is told when one dies who was about to wake the sleepers. A kill
// before the one instruction has changed nothing; a kill behind it leaves an eventcount on which nobody sleeps any more:
// blocking waits and the engine come up from time to time, and see that.

import type { MemoryRegion } from "../memory/memory_region.ts";
import { EVERYBODY, futexWake } from "../sys/futex.ts";
import { SLEEPERS } from "./eventcount.ts";

/** Private room in which the two words are put together: the eventcount, then the word. */
const both = new Int32Array(2);
const asOne = new BigInt64Array(both.buffer);

/** The word at byte 4 of an eventcount's eight bytes, which start at a multiple of 8. */
export class NotifyingWord {
  private readonly pair: BigInt64Array;
  private readonly address: number = 0;

  /** `base`: byte offset of the eventcount. */
  constructor(memory: MemoryRegion, base: number) {
    this.pair = new BigInt64Array(memory.buffer, base, 1);
    this.address = memory.address + base;
  }

  /** Stores what `change` makes of the value, and wakes all sleepers; false: it answered undefined, and nothing changed. */
  change(change: (value: number) => number | undefined): boolean {
    for (;;) {
      asOne[0] = Atomics.load(this.pair, 0);
      const found = asOne[0];
      const value = change(both[1]);
      if (value === undefined) return false;
      const hasSleepers = (both[0] & SLEEPERS) !== 0;
      if (hasSleepers) both[0] = (both[0] + 2) & ~SLEEPERS;
      both[1] = value;
      if (Atomics.compareExchange(this.pair, 0, found, asOne[0]) !== found) continue; // SYNC eventcount (publisher)
      if (hasSleepers) futexWake(this.address, EVERYBODY);
      return true;
    }
  }
}
