// The writers' lock of a shared map: one at a time; whoever gets it from a dead holder repairs the map first.
//
// It is the bare lock word of the sync room and not a Mutex: a Mutex makes a guard for each possession, and remembers
// who died for a user to repair. Here the repair is known, and can be done any number of times.

import type { Placement } from "../../memory/placement.ts";
import { BUSY, LockWord, RECOVERED } from "../../sync/lock_word.ts";
import { errno } from "../../sys/errno.ts";
import { CLOSED_HERE } from "../../sys/error.ts";
import { clockMonotonic } from "../../sys/futex.ts";
import { Waiter } from "../../wait/waiter.ts";
import * as layout from "./layout.ts";
import type { MapTable } from "./table.ts";

export class WriterLock {
  readonly #table: MapTable;
  readonly #placement: Placement;
  readonly #timeoutMs: number;
  readonly #repairIndex: number;
  readonly #repair: () => void;
  readonly #attempt = () => {
    const outcome = this.#attached.tryAcquire();
    return outcome === BUSY ? undefined : outcome;
  };
  #word: LockWord | undefined;
  #waiter: Waiter | undefined;

  /** `repair` runs with the lock held. */
  constructor(table: MapTable, placement: Placement, timeoutMs: number, repair: () => void) {
    this.#table = table;
    this.#placement = placement;
    this.#timeoutMs = timeoutMs;
    this.#repairIndex = table.word(layout.REPAIR);
    this.#repair = repair;
  }

  /** Joins the participants at the first write: who only reads takes no slot. */
  get #attached(): LockWord {
    this.#word ??= this.#attach();
    return this.#word;
  }

  #attach(): LockWord {
    const { memory, participants, base } = this.#placement;
    if (memory.readOnly) throw this.#table.error(errno.EACCES, "attach", "write to", "it is open read-only");
    const place = { word: base + layout.LOCK, eventcount: base + layout.LOCK_EVENTCOUNT };
    return new LockWord(memory, place, participants);
  }

  /** Takes the lock. What it protects is sound then. */
  acquire(): void {
    let outcome = this.#attached.tryAcquire();
    if (outcome === BUSY) outcome = this.#wait();
    if (outcome === RECOVERED) Atomics.store(this.#table.i32, this.#repairIndex, 1);
    if (this.#table.i32[this.#repairIndex] !== 0) this.#repairNow();
  }

  #wait(): number {
    const { memory, participants, base } = this.#placement;
    const word = this.#attached;
    const own = base + layout.LOCK_EVENTCOUNT;
    const parts = { memory, participants, own, peers: own, spinMs: undefined };
    this.#waiter ??= new Waiter({ ...parts, prepare: () => word.announce(), peer: () => word.announced });
    const outcome = this.#waiter.waitSync(this.#attempt, clockMonotonic() + this.#timeoutMs * 1e6);
    if (outcome !== undefined) return outcome;
    const pid = participants.pidOf(word.owner);
    const hint = `for ${this.#timeoutMs} ms process ${pid} has been writing: is it stopped?`;
    throw this.#table.error(errno.ETIMEDOUT, "lock", "write to", hint);
  }

  #repairNow(): void {
    try {
      this.#repair();
      Atomics.store(this.#table.i32, this.#repairIndex, 0);
    } catch (error) {
      this.release(false);
      throw error;
    }
  }

  /** Gives the lock back; where the write has not gone to its end, the next one repairs. */
  release(isSound: boolean): void {
    if (!isSound) Atomics.store(this.#table.i32, this.#repairIndex, 1);
    this.#attached.release();
  }

  /** Before the memory goes. */
  close(): void {
    this.#waiter?.close(this.#table.error(errno.EBADF, "wait for", "write to", CLOSED_HERE));
  }
}
