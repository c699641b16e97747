// FutexLock: the plain three-state futex mutex of the textbooks, word for word as C and C++ programs have it.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { clockMonotonic } from "../sys/futex.ts";
import {
  type AwaitOptions,
  checkAwaitOptions,
  deadlineAfter,
  deadlineOf,
  NEVER,
  type WaitOptions,
} from "../wait/deadline.ts";
import { Futex, type FutexMemory } from "../wait/futex.ts";
import { spin, spinBudget } from "../wait/spin.ts";
import { FUTEX_LOCK_CONTENDED, FUTEX_LOCK_FREE, FUTEX_LOCK_LOCKED, FUTEX_LOCK_SIZE } from "./layout.ts";
import { PlainGuard, type PlainLock } from "./plain_guard.ts";

/** What is left until a deadline, as an option; undefined when nothing is. */
function left(deadline: number): { timeoutMs?: number } | undefined {
  if (deadline === NEVER) return {};
  const timeoutMs = (deadline - clockMonotonic()) / 1e6;
  return timeoutMs > 0 ? { timeoutMs } : undefined;
}

/**
 * A lock of one 32-bit word: 0 free, 1 locked, 2 locked and somebody may sleep. For memory that is shared with C or C++
 * programs which lock so: take = compare-exchange 0 to 1, else exchange with 2 until that answers 0, sleeping on 2; give
 * back = exchange with 0, and FUTEX_WAKE one sleeper if it was 2.
 *
 * It does not heal: nothing in the word says who holds it, so that a holder that dies leaves it locked for ever, and a
 * waiter that is killed at the instant it is woken may leave another one asleep. Use `Mutex` wherever all sides can.
 * Uncontended, `lockSync` and `unlock` make no system call. Not recursive; waiters are not served in order.
 *
 * @example
 * ```ts
 * import { FutexLock, SharedMemory } from "@linux-ipc/core";
 * const memory = SharedMemory.anonymous({ size: 4096 });
 * const lock = FutexLock.over(memory, 0);
 * const guard = await lock.lock();
 * console.log(lock.tryLock()); // undefined
 * guard.unlock();
 * console.log(lock.isLocked); // false
 * memory.close();
 * ```
 */
export class FutexLock {
  // `private`, not #private: see D34
  private readonly futex: Futex;
  private isMine = false;

  private constructor(futex: Futex) {
    this.futex = futex;
  }

  /** Bytes that the lock takes. */
  static byteSize(): number {
    return FUTEX_LOCK_SIZE;
  }

  /** The lock at `byteOffset` (a multiple of 4) of a memory; zeros are a free one. Errors as `Futex.over`. */
  static over(memory: FutexMemory, byteOffset: number): FutexLock {
    return new FutexLock(Futex.over(memory, byteOffset));
  }

  /** Whether somebody holds it at this moment. */
  get isLocked(): boolean {
    return this.futex.load() !== FUTEX_LOCK_FREE;
  }

  /** SYNC lock. */
  private take(isFree: boolean): PlainGuard | undefined {
    if (!isFree) return undefined;
    this.isMine = true;
    return new PlainGuard(this as unknown as PlainLock);
  }

  /** Takes the lock if it is free; undefined when it is held. Never waits. EBADF after the memory was closed. */
  tryLock(): PlainGuard | undefined {
    return this.take(this.futex.compareExchange(FUTEX_LOCK_FREE, FUTEX_LOCK_LOCKED) === FUTEX_LOCK_FREE);
  }

  /** As one who may sleep, and who therefore leaves the word saying so. */
  private tryLockContended(): PlainGuard | undefined {
    return this.take(this.futex.exchange(FUTEX_LOCK_CONTENDED) === FUTEX_LOCK_FREE);
  }

  /**
   * Takes the lock, blocking this thread until it is free; undefined after the timeout.
   *
   * @throws {IpcError} EDEADLK this very object holds it; EBADF its memory was closed
   */
  lockSync(options?: WaitOptions): PlainGuard | undefined {
    const deadline = deadlineOf(options, "lockSync");
    const guard = this.tryLock();
    if (guard !== undefined) return guard;
    if (this.isMine) throw this.error(errno.EDEADLK, "lock", "this object holds it");
    return spin(() => this.tryLock(), spinBudget(undefined, deadline)) ?? this.sleepSync(deadline);
  }

  private sleepSync(deadline: number): PlainGuard | undefined {
    for (;;) {
      const guard = this.tryLockContended();
      if (guard !== undefined) return guard;
      const rest = left(deadline);
      if (rest === undefined) return undefined;
      this.futex.waitSync(FUTEX_LOCK_CONTENDED, rest);
    }
  }

  /**
   * Takes the lock, as a promise. Also waits while this object itself holds it. An abort rejects with `signal.reason`
   * and takes nothing; closing the memory rejects with EBADF.
   */
  lock(options?: AwaitOptions & { timeoutMs?: undefined }): Promise<PlainGuard>;
  /** As without a timeout, but undefined after it; nothing is taken then. */
  lock(options: AwaitOptions): Promise<PlainGuard | undefined>;
  /** After one plain try the word is left saying 2, so that whoever unlocks wakes this caller. */
  async lock(options: AwaitOptions = {}): Promise<PlainGuard | undefined> {
    checkAwaitOptions(options, "lock");
    options.signal?.throwIfAborted();
    const deadline = deadlineAfter(options.timeoutMs);
    let guard = this.tryLock();
    while (guard === undefined) {
      guard = this.tryLockContended();
      if (guard !== undefined) break;
      const rest = left(deadline);
      if (rest === undefined) break;
      await this.futex.wait(FUTEX_LOCK_CONTENDED, { ...rest, signal: options.signal });
    }
    return guard;
  }

  /** For its guard, once. */
  protected release(): void {
    this.isMine = false;
    const before = this.futex.exchange(FUTEX_LOCK_FREE);
    if (before === FUTEX_LOCK_CONTENDED) this.futex.wake(1);
    if (before === FUTEX_LOCK_FREE) throw this.error(errno.EPERM, "unlock", "somebody else has unlocked it");
  }

  private error(number: number, verb: string, hint: string): IpcError {
    return new IpcError(number, { syscall: verb, doing: `${verb} a futex lock`, hint });
  }

  /** Pending waits keep the process alive (the default). Counts from the next wait on. */
  ref(): this {
    this.futex.ref();
    return this;
  }

  /** Pending waits do not keep the process alive. Counts from the next wait on. */
  unref(): this {
    this.futex.unref();
    return this;
  }
}
