// Semaphore: a count of permits in shared memory; those of dead holders can be given back.

import { checkRoom, type Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { loadOrdered } from "../sys/ordering.ts";
import { checkBoolean, checkInteger } from "../sys/validate.ts";
import type { AwaitOptions, WaitOptions } from "../wait/deadline.ts";
import { NotifyingWord } from "../wait/notifying_word.ts";
import type { Waiter } from "../wait/waiter.ts";
import {
  SEMAPHORE_OWNED,
  SEMAPHORE_OWNED_MOST,
  SEMAPHORE_PERMITS,
  SEMAPHORE_VALUE,
  SEMAPHORE_VALUE_MOST,
  VERSION,
} from "./layout.ts";
import { Share } from "./share.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";

/** What a semaphore is made with. */
export interface SemaphoreOptions {
  /** Permits at the start; 1 unless said. */
  value?: number | undefined;
  /**
   * Each permit belongs to who took it, and comes back when that one dies; at most 1024 of them, and `release` gives back
   * only what was taken. False unless said: anybody may release, and a killed holder's permit is gone.
   */
  owned?: boolean | undefined;
}

const VALUE = SEMAPHORE_VALUE / 4;

function checkValue({ value = 1, owned = false }: SemaphoreOptions): number {
  checkBoolean(owned, "owned");
  return checkInteger(value, "value", owned ? 1 : 0, owned ? SEMAPHORE_OWNED_MOST : SEMAPHORE_VALUE_MOST);
}

/** Bytes of a semaphore with so many owned permits. */
function sizeWith(owned: number): number {
  return SEMAPHORE_PERMITS + Math.ceil(owned / 32) * 128;
}

/**
 * A counting semaphore between processes. Uncontended, taking and releasing make no system call. A process that is killed
 * inside `release` may have given a permit and woken nobody: who waits finds it within a second, owned ones at once.
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
    version: VERSION,
    noun: "semaphore",
    optionNames: ["value", "owned"],
    size: (options) => {
      const value = checkValue(options);
      return sizeWith(options.owned ? value : 0);
    },
    traits: (view) => ({ owned: view.getInt32(SEMAPHORE_OWNED, true) > 0 }),
    fill: (options, buffer, base) => {
      const view = new DataView(buffer, base);
      const value = checkValue(options);
      view.setInt32(SEMAPHORE_VALUE, options.owned ? 0 : value, true);
      view.setInt32(SEMAPHORE_OWNED, options.owned ? value : 0, true);
    },
  };

  // `private`, not #private: see D34
  private readonly words: Int32Array;
  private readonly permits: Int32Array;
  private readonly state: NotifyingWord;
  private readonly me: number = 0;
  private readonly waiter: Waiter;
  /** Owned permits that this object took. */
  private readonly share: Share;
  private readonly attempt = () => (this.tryAcquire() ? true : undefined);

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, Semaphore.kind.noun);
    const { memory, base, participants } = placement;
    this.words = new Int32Array(memory.buffer, base, 4);
    this.state = new NotifyingWord(memory, base);
    const owned = Math.max(0, Math.min(this.words[SEMAPHORE_OWNED / 4], SEMAPHORE_OWNED_MOST));
    checkRoom(placement, sizeWith(owned), Semaphore.kind.noun); // who lays it again need not say how many there are
    this.permits = new Int32Array(memory.buffer, base + SEMAPHORE_PERMITS, owned);
    this.me = participants.join();
    this.share = new Share(placement);
    this.waiter = this.makeWaiter({ allPeers: () => this.holders() });
  }

  /** Everybody who holds an owned permit, we too: each may give one back, or die and so do it. Undefined: one is free. */
  private holders(): number[] | undefined {
    const owners = new Set<number>();
    for (let index = 0; index < this.permits.length; index++) {
      const owner = loadOrdered(this.permits, index);
      if (this.isFree(owner)) return undefined;
      owners.add(owner);
    }
    return [...owners];
  }

  /** Whether a permit with this in its word can be taken. */
  private isFree(owner: number): boolean {
    return owner === 0 || (owner !== this.me && this.placement.participants.isFoundDead(owner));
  }

  /** Permits that could be taken at this moment. */
  get value(): number {
    this.checkOpen("read");
    if (this.permits.length === 0) return loadOrdered(this.words, VALUE);
    let free = 0;
    for (let index = 0; index < this.permits.length; index++)
      free += this.isFree(loadOrdered(this.permits, index)) ? 1 : 0;
    return free;
  }

  /** Takes a permit, if there is one. Never waits. */
  tryAcquire(): boolean {
    this.checkOpen("acquire");
    return this.permits.length > 0 ? this.tryOwned() : this.tryCount();
  }

  private tryOwned(): boolean {
    for (let index = 0; index < this.permits.length; index++) {
      const owner = loadOrdered(this.permits, index);
      if (!this.isFree(owner) || Atomics.compareExchange(this.permits, index, owner, this.me) !== owner) continue;
      this.share.add(1);
      return true;
    }
    return false;
  }

  private tryCount(): boolean {
    for (let value = loadOrdered(this.words, VALUE); value > 0; value = loadOrdered(this.words, VALUE)) {
      if (Atomics.compareExchange(this.words, VALUE, value, value - 1) === value) return true;
    }
    return false;
  }

  /**
   * Takes a permit, blocking this thread until there is one; false after the timeout.
   *
   * @throws {IpcError} EDEADLK without a timeout, where this thread holds all of the owned ones; EBADF after close
   */
  acquireSync(options?: WaitOptions): boolean {
    return this.blocking(this.waiter, "acquireSync", this.attempt, options) ?? false;
  }

  /** Takes a permit, as a promise; false after the timeout. An abort rejects with `signal.reason` and takes nothing. */
  acquire(options?: AwaitOptions): Promise<boolean> {
    return this.awaiting(this.waiter, "acquire", this.attempt, options).then((taken) => taken ?? false);
  }

  /**
   * Gives `count` permits and wakes those who wait.
   *
   * @throws {IpcError} EOVERFLOW more than 2 ** 31 - 1; EPERM this participant has not taken so many owned ones; EBADMSG
   * instead, where somebody has cut the file
   */
  release(count = 1): void {
    this.checkOpen("release");
    checkInteger(count, "count", 1, SEMAPHORE_VALUE_MOST);
    if (this.permits.length === 0) this.releaseCount(count);
    else this.releaseOwned(count);
  }

  private releaseOwned(count: number): void {
    const mine = this.countMine();
    if (mine < count) throw this.refusal(errno.EPERM, "release", `${mine} permits were taken here, ${count} given`);
    for (let index = 0, left = count; left > 0; index++) {
      if (!this.isMine(index)) continue;
      Atomics.compareExchange(this.permits, index, this.me, 0);
      left--;
    }
    this.share.remove(count);
    this.waiter.notify(); // a kill before this is told as the death of a holder
  }

  /** Permits of this participant, through whichever object it took them. */
  private countMine(): number {
    let mine = 0;
    for (let index = 0; index < this.permits.length; index++) mine += this.isMine(index) ? 1 : 0;
    return mine;
  }

  /** Nobody else writes a permit of ours. */
  private isMine(index: number): boolean {
    return this.permits[index] === this.me;
  }

  private releaseCount(count: number): void {
    let value = 0;
    const hasRoom = this.state.change((found) => {
      value = found;
      return found + count > SEMAPHORE_VALUE_MOST ? undefined : found + count;
    });
    if (!hasRoom) throw this.error(errno.EOVERFLOW, "release", `it has ${value} permits`);
  }

  /** For `close`: gives back the owned permits that this object took. Permits that nobody owns stay taken. */
  protected override abandon(): void {
    const count = Math.min(this.share.count, this.countMine());
    if (count > 0) this.releaseOwned(count);
    this.share.close();
  }
}
