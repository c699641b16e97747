// Semaphore: a count of permits in shared memory; those of dead holders can be given back.

import type { Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { checkBoolean, checkInteger } from "../sys/validate.ts";
import type { AwaitOptions, WaitOptions } from "../wait/deadline.ts";
import type { Waiter } from "../wait/waiter.ts";
import * as layout from "./layout.ts";
import { isOwnerDead } from "./lock_word.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";

/** What a semaphore is made with. */
export interface SemaphoreOptions {
  /** Permits at the start; 1 unless said. */
  value?: number;
  /**
   * Each permit belongs to who took it, and comes back when that one dies; at most 1024 of them, and `release` gives back
   * only what was taken. False unless said: anybody may release, and a killed holder's permit is gone.
   */
  owned?: boolean;
}

function checkValue({ value = 1, owned = false }: SemaphoreOptions): number {
  checkBoolean(owned, "owned");
  return checkInteger(value, "value", owned ? 1 : 0, owned ? layout.SEMAPHORE_OWNED_MOST : layout.SEMAPHORE_VALUE_MOST);
}

/**
 * A counting semaphore between processes. Uncontended, taking and releasing make no system call. A process killed inside
 * `release` may have given a permit and woken nobody: who awaits then sleeps until the next `release`; not so with owned
 * permits.
 *
 * @example
 * ```ts
 * import { Semaphore } from "@linux-ipc/core";
 * const seats = Semaphore.create("/linux-ipc-example-seats", { value: 2, owned: true, unlinkOnClose: true });
 * console.log(await seats.acquire(), seats.tryAcquire(), seats.tryAcquire()); // true true false
 * seats.release();
 * console.log(seats.value); // 1
 * seats.close();
 * ```
 */
export class Semaphore extends SharedObject {
  /** What a semaphore's bytes are. */
  static readonly kind: ObjectKind<SemaphoreOptions> = {
    letters: "SEMA",
    version: layout.VERSION,
    noun: "semaphore",
    optionNames: ["value", "owned"],
    size: (options) => {
      const value = checkValue(options);
      return layout.SEMAPHORE_PERMITS + (options.owned ? Math.ceil(value / 32) * 128 : 0);
    },
    fill: (options, buffer, base) => {
      const view = new DataView(buffer, base);
      const value = checkValue(options);
      view.setInt32(layout.SEMAPHORE_VALUE, options.owned ? 0 : value, true);
      view.setInt32(layout.SEMAPHORE_OWNED, options.owned ? value : 0, true);
    },
  };

  readonly #words: Int32Array;
  readonly #permits: Int32Array;
  readonly #me: number;
  readonly #waiter: Waiter;
  /** Owned permits taken by this object. */
  #taken = 0;
  readonly #attempt = () => (this.tryAcquire() ? true : undefined);

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, Semaphore.kind.noun);
    const { memory, base, participants } = placement;
    this.#words = new Int32Array(memory.buffer, base, 4);
    const room = Math.floor((memory.size - base - layout.SEMAPHORE_PERMITS) / 4);
    const owned = Math.min(this.#words[layout.SEMAPHORE_OWNED / 4], room, layout.SEMAPHORE_OWNED_MOST);
    this.#permits = new Int32Array(memory.buffer, base + layout.SEMAPHORE_PERMITS, Math.max(0, owned));
    this.#me = participants.join();
    this.#waiter = this.makeWaiter({ allPeers: () => this.#holders() });
  }

  /** Everybody else who holds an owned permit: any of them may die and so give one back. */
  #holders(): number[] {
    return [...new Set(this.#permits)].filter((owner) => owner !== 0 && owner !== this.#me);
  }

  /** Whether a permit with this in its word can be taken. */
  #isFree(owner: number): boolean {
    return owner === 0 || (owner !== this.#me && isOwnerDead(this.placement.participants, owner));
  }

  /** Permits that could be taken at this moment. */
  get value(): number {
    this.checkOpen("read");
    if (this.#permits.length === 0) return Atomics.load(this.#words, layout.SEMAPHORE_VALUE / 4);
    let free = 0;
    for (let index = 0; index < this.#permits.length; index++)
      free += this.#isFree(Atomics.load(this.#permits, index)) ? 1 : 0;
    return free;
  }

  /** Takes a permit, if there is one. Never waits. */
  tryAcquire(): boolean {
    this.checkOpen("acquire");
    return this.#permits.length > 0 ? this.#tryOwned() : this.#tryCount();
  }

  #tryOwned(): boolean {
    for (let index = 0; index < this.#permits.length; index++) {
      const owner = Atomics.load(this.#permits, index);
      if (!this.#isFree(owner) || Atomics.compareExchange(this.#permits, index, owner, this.#me) !== owner) continue;
      this.#taken++;
      return true;
    }
    return false;
  }

  #tryCount(): boolean {
    const index = layout.SEMAPHORE_VALUE / 4;
    for (let value = Atomics.load(this.#words, index); value > 0; value = Atomics.load(this.#words, index)) {
      if (Atomics.compareExchange(this.#words, index, value, value - 1) === value) return true;
    }
    return false;
  }

  /** Takes a permit, blocking this thread until there is one; false after the timeout. */
  acquireSync(options?: WaitOptions): boolean {
    return this.blocking(this.#waiter, "acquireSync", this.#attempt, options) ?? false;
  }

  /** Takes a permit, as a promise; false after the timeout. An abort rejects with `signal.reason` and takes nothing. */
  acquire(options?: AwaitOptions): Promise<boolean> {
    return this.awaiting(this.#waiter, "acquire", this.#attempt, options).then((taken) => taken ?? false);
  }

  /**
   * Gives `count` permits and wakes those who wait.
   *
   * @throws {IpcError} EOVERFLOW more than 2 ** 31 - 1; EPERM this participant has not taken so many owned ones
   */
  release(count = 1): void {
    this.checkOpen("release");
    checkInteger(count, "count", 1, layout.SEMAPHORE_VALUE_MOST);
    if (this.#permits.length > 0) this.#releaseOwned(count);
    else this.#releaseCount(count);
    this.#waiter.notify();
  }

  #releaseOwned(count: number): void {
    const mine = [...this.#permits.keys()].filter((index) => Atomics.load(this.#permits, index) === this.#me);
    if (mine.length < count)
      throw this.error(errno.EPERM, "release", `${mine.length} permits were taken here, ${count} given`);
    for (const index of mine.slice(0, count)) Atomics.compareExchange(this.#permits, index, this.#me, 0);
    this.#taken -= count;
  }

  #releaseCount(count: number): void {
    const index = layout.SEMAPHORE_VALUE / 4;
    for (;;) {
      const value = Atomics.load(this.#words, index);
      if (value + count > layout.SEMAPHORE_VALUE_MOST)
        throw this.error(errno.EOVERFLOW, "release", `it has ${value} permits`);
      if (Atomics.compareExchange(this.#words, index, value, value + count) === value) return;
    }
  }

  protected override abandon(): void {
    if (this.#taken === 0) return;
    this.#releaseOwned(this.#taken);
    this.#waiter.notify();
  }
}
