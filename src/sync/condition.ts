// Condition: waiting, with a mutex given back meanwhile, until somebody says that something has changed.

import type { Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { type AwaitOptions, checkAwaitOptions, deadlineOf, type WaitOptions } from "../wait/deadline.ts";
import { notifyAll, prepareToSleep } from "../wait/eventcount.ts";
import type { Waiter } from "../wait/waiter.ts";
import * as layout from "./layout.ts";
import { MutexGuard } from "./mutex.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";

/** What a wait for a condition came to. */
export interface ConditionResult {
  /** The mutex, taken again. */
  readonly guard: MutexGuard;
  /** False: the timeout came first. Either way, look at what you wait for. */
  readonly notified: boolean;
}

/**
 * A condition variable between processes. `notifyAll` wakes everybody, and each looks again at what it waits for: a
 * wake-up for one alone could be swallowed by one that is killed, so there is none. A mutex knows nothing of its
 * conditions: who makes it unrecoverable calls `notifyAll`, too, and those who wait then get ENOTRECOVERABLE.
 *
 * @example
 * ```ts
 * import { Condition, Mutex } from "@linux-ipc/core";
 * const mutex = Mutex.create("/linux-ipc-example-m", { unlinkOnClose: true });
 * const changed = Condition.create("/linux-ipc-example-c", { unlinkOnClose: true });
 * let guard = await mutex.lock();
 * setTimeout(() => changed.notifyAll(), 5); // usually in another process, after it has changed something
 * const result = await changed.wait(guard);
 * guard = result.guard;
 * console.log(result.notified); // true
 * guard.unlock();
 * changed.close();
 * mutex.close();
 * ```
 */
export class Condition extends SharedObject {
  /** What a condition's bytes are. */
  static readonly kind: ObjectKind<object> = {
    letters: "COND",
    version: layout.VERSION,
    noun: "condition",
    optionNames: [],
    size: () => layout.CONDITION_SIZE,
  };

  readonly #words: Int32Array;
  readonly #waiter: Waiter;

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, Condition.kind.noun);
    this.#words = new Int32Array(placement.memory.buffer, placement.base, 1);
    this.#waiter = this.makeWaiter();
  }

  #checkGuard(guard: unknown): void {
    if (!(guard instanceof MutexGuard)) throw new TypeError("a condition is waited for with the guard of a held Mutex");
    if (guard.isUsedUp) throw this.error(errno.EPERM, "wait for", "the guard that it was given was used up");
  }

  /**
   * Announced before the mutex is given back: a notification from then on is not missed. Given back without the repair it
   * is lost, and so there is nothing to wait for: nobody can take it to change something.
   */
  #watchForChange(guard: MutexGuard): () => true | undefined {
    if (guard.isToRepair) return () => true;
    const key = prepareToSleep(this.#words, 0);
    return () => {
      this.checkOpen("wait for"); // closed while a turn of the loop put us off: our waiter is gone
      return Atomics.load(this.#words, 0) >> 1 !== key >> 1 ? true : undefined;
    };
  }

  /**
   * Gives the mutex back, waits for a notification, takes the mutex again; blocks this thread. The timeout ends the wait
   * for the notification; taking the mutex again takes as long as others hold it.
   *
   * @throws {IpcError} EPERM the guard was used up: each wait gives a new one; ENOTRECOVERABLE, at once where the guard is
   * that of a recovery and nothing was `repaired`; EBADF after close
   */
  waitSync(guard: MutexGuard, options?: WaitOptions): ConditionResult {
    this.checkOpen("wait for");
    this.#checkGuard(guard);
    deadlineOf(options, "waitSync"); // refused while the mutex is still held
    const attempt = this.#watchForChange(guard);
    guard.unlock();
    const notified = this.blocking(this.#waiter, "waitSync", attempt, options) ?? false;
    return { guard: guard.mutex.lockSync(), notified };
  }

  /**
   * Gives the mutex back, waits for a notification, and resolves with the mutex taken again. The timeout is for the
   * notification alone, as in `waitSync`. An abort rejects with `signal.reason`, also while the mutex is waited for, and
   * then the mutex is not held. Errors as `waitSync`.
   */
  async wait(guard: MutexGuard, options?: AwaitOptions): Promise<ConditionResult> {
    this.checkOpen("wait for");
    this.#checkGuard(guard);
    checkAwaitOptions(options, "wait");
    const attempt = this.#watchForChange(guard);
    guard.unlock();
    const notified = (await this.awaiting(this.#waiter, "wait", attempt, options)) ?? false;
    return { guard: await guard.mutex.lock({ signal: options?.signal }), notified };
  }

  /** Wakes everybody who waits. Usually called with the mutex held, after a change. */
  notifyAll(): void {
    this.checkOpen("notify");
    notifyAll(this.#words, 0, this.placement.memory.address + this.placement.base);
  }
}
