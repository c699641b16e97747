// FutexLock: the plain three-state futex mutex of the textbooks, word for word as C and C++ programs have it.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { clockMonotonic, EVERYBODY } from "../sys/futex.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import { refuseNew } from "../sys/validate.ts";
import { Awaiting } from "../wait/awaiting.ts";
import { type AwaitOptions, checkNotAborted, deadlineOf, NEVER, type WaitOptions } from "../wait/deadline.ts";
import { Futex, type FutexMemory } from "../wait/futex.ts";
import { LoopTurns } from "../wait/loop_turns.ts";
import { NamedWord } from "../wait/named_word.ts";
import { hold } from "../wait/registry.ts";
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
 * back = exchange with 0, and FUTEX_WAKE if it was 2.
 *
 * It does not heal: nothing in the word says who holds it, so that a holder that dies leaves it locked for ever. `unlock`
 * wakes all sleepers, since one alone may be killed before it looks, or await in an event loop that is busy for seconds.
 * C programs usually wake one, and then the others sleep on until that one has looked; a killed one never does. Use
 * `Mutex` wherever all sides can. Uncontended, `lockSync` and `unlock` make no system call. Not recursive. Awaiting
 * callers of one object are served in order, and are one sleeper; others are not served in order.
 *
 * @example
 * ```ts
 * import { FutexLock } from "@linux-ipc/core";
 * const lock = FutexLock.create("/linux-ipc-example-word", { unlinkOnClose: true }); // or over(memory, byteOffset)
 * const guard = await lock.lock();
 * console.log(lock.tryLock()); // undefined
 * guard.unlock();
 * console.log(lock.isLocked); // false
 * lock.close();
 * ```
 */
export class FutexLock extends NamedWord {
  // `private`, not #private: see D34
  private readonly futex: Futex;
  private isMine = false;
  private isRef = true;
  /** Only the first caller is in the kernel's queue: woken together, each would have to queue again for each unlock. */
  private readonly turns = new LoopTurns();
  private readonly awaiting = new Awaiting({
    prepare: () => FUTEX_LOCK_CONTENDED,
    park: (key, onChange) => this.park(key, onChange),
    unpark: () => this.unpark(),
    hold,
  });
  /** Ends the sleep of the first caller. */
  private parked: AbortController | undefined;
  private readonly attempt = () => this.tryLockContended();

  private constructor(futex: Futex) {
    super();
    if (!(futex instanceof Futex)) refuseNew(FutexLock);
    this.futex = futex.unref(); // who awaits holds the process itself
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
   * Takes the lock, blocking this thread until it is free.
   *
   * @throws {IpcError} EDEADLK this very object holds it; EBADF its memory was closed
   */
  lockSync(options?: WaitOptions & { timeoutMs?: undefined }): PlainGuard;
  /** As without a timeout, but undefined after it. */
  lockSync(options: WaitOptions | undefined): PlainGuard | undefined;
  /** Looks, spins, sleeps. */
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
  lock(options: AwaitOptions | undefined): Promise<PlainGuard | undefined>;
  /** After one plain try the word is left saying 2, so that whoever unlocks wakes this caller. */
  async lock(options?: AwaitOptions): Promise<PlainGuard | undefined> {
    checkNotAborted(options, "lock");
    const turn = this.turns.due();
    if (turn !== undefined) return turn.then(() => this.lock(options));
    const guard = this.awaiting.size > 0 ? undefined : this.tryLock();
    return guard ?? this.awaiting.add(this.attempt, options, this.isRef);
  }

  /** A word that has changed meanwhile ends the sleep, too. One whose caller has left sleeps on for the next one. */
  private park(key: number, onChange: () => void): true {
    if (this.parked !== undefined) return true;
    const parked = new AbortController();
    this.parked = parked;
    this.futex.wait(key, { signal: parked.signal }).then(
      (result) => {
        if (this.parked === parked) this.parked = undefined;
        if (result === "ok" && this.awaiting.size === 0) this.passOn();
        onChange();
      },
      (reason: Error) => {
        if (!parked.signal.aborted) this.awaiting.close(reason); // its memory was closed
      },
    );
    return true;
  }

  private unpark(): void {
    this.parked?.abort();
    this.parked = undefined;
  }

  /** A wake-up of one sleeper, as C's unlock makes it, whose caller left at that instant: it belongs to another one. */
  private passOn(): void {
    if (!this.futex.isClosed) this.futex.wake();
  }

  /** For its guard, once. */
  protected release(): void {
    this.isMine = false;
    const before = this.futex.exchange(FUTEX_LOCK_FREE);
    if (before === FUTEX_LOCK_CONTENDED) this.futex.wake(EVERYBODY); // one alone might not look for a long time
    if (before === FUTEX_LOCK_FREE) throw this.error(errno.EPERM, "unlock", "somebody else has unlocked it");
  }

  private error(number: number, verb: string, hint: string): IpcError {
    return new IpcError(number, { syscall: verb, doing: `${verb} a futex lock`, hint });
  }

  /** Pending waits keep the process alive (the default). Counts from the next wait on. */
  ref(): this {
    this.isRef = true;
    return this;
  }

  /** Pending waits do not keep the process alive. Counts from the next wait on. */
  unref(): this {
    this.isRef = false;
    return this;
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => this.futex.toJSON());
  }

  [INSPECT](): string {
    return shown(this);
  }
}
