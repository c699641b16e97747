// Waiting on several futexes at once, blocking or awaiting.

import { errno } from "../sys/errno.ts";
import { check } from "../sys/error.ts";
import { clockMonotonic, futexWaitAny, futexWake } from "../sys/futex.ts";
import { type AwaitOptions, isPast, NEVER } from "./deadline.ts";
import { DIFFERED, FutexWait, UNMAPPED, WOKEN } from "./futex_wait.ts";
import { limit } from "./limit.ts";

/** What a wait on a futex came to, in the words of `Atomics.wait`. */
export type FutexResult = "ok" | "not-equal" | "timed-out";

/** What a wait on several came to, and by which of them. */
export interface FutexAnyResult {
  /** Whether one was woken (`"ok"`), one did not hold what was expected of it (`"not-equal"`), or neither in time. */
  readonly result: FutexResult;
  /** Of the word that was woken or differed, in the list that was given; -1 after a timeout. */
  readonly index: number;
}

/** One word of several. */
export interface FutexPlace {
  readonly expected: number;
  readonly isRef: boolean;
  /** Where it stands at this moment; throws when it was closed. */
  address(): number;
  value(): number;
  /** Before the memory goes, `leave` is called; undefined takes that back. */
  whenClosed(leaver: object, leave: ((reason: Error) => void) | undefined): void;
}

/** A blocking wait comes up this often, in ns, so that worker.terminate() can end it. */
const COME_UP_EVERY_NS = 100_000_000;
const TIMED_OUT: FutexAnyResult = { result: "timed-out", index: -1 };

function differing(places: readonly FutexPlace[]): FutexAnyResult | undefined {
  const index = places.findIndex((place) => place.value() !== place.expected);
  return index < 0 ? undefined : { result: "not-equal", index };
}

/** Blocks this thread until one is woken or differs, or the deadline. */
export function waitForAnySync(places: readonly FutexPlace[], deadline: number): FutexAnyResult {
  for (;;) {
    const different = differing(places);
    if (different !== undefined) return different;
    if (isPast(deadline)) return TIMED_OUT;
    const latest = clockMonotonic() + COME_UP_EVERY_NS;
    const until = deadline === NEVER ? latest : Math.min(deadline, latest);
    const pairs = places.map((place) => [place.address(), place.expected] as const);
    const result = futexWaitAny(pairs, until);
    if (result >= 0) return { result: "ok", index: result };
    if (result === -errno.EAGAIN || result === -errno.EINTR || result === -errno.ETIMEDOUT) continue;
    check(result, () => ({ syscall: "futex_waitv", doing: "wait for a futex" }));
  }
}

/** Of several that were woken the last: where many share a thread, those before it are woken with it (futex_await.c). */
function outcomeOf(outcomes: readonly number[]): FutexAnyResult | undefined {
  const woken = outcomes.lastIndexOf(WOKEN);
  if (woken >= 0) return { result: "ok", index: woken };
  const differed = outcomes.indexOf(DIFFERED);
  return differed < 0 ? undefined : { result: "not-equal", index: differed };
}

/** One awaiting caller. */
class AnyWait {
  readonly #places: readonly FutexPlace[];
  readonly #resolve: (result: FutexAnyResult) => void;
  readonly #reject: (reason: unknown) => void;
  #waits: FutexWait[] = [];
  #release = () => {};

  constructor(
    places: readonly FutexPlace[],
    resolve: (result: FutexAnyResult) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#places = places;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(options: AwaitOptions): void {
    const result = differing(this.#places) ?? (options.timeoutMs === 0 ? TIMED_OUT : undefined);
    if (result !== undefined) {
      this.#resolve(result);
      return;
    }
    for (const place of this.#places) place.whenClosed(this, (reason) => this.#fail(reason));
    this.#limit(options);
    this.#queue();
  }

  #queue(): void {
    try {
      for (const place of this.#places) {
        this.#waits.push(new FutexWait(place.address(), place.expected, place.isRef, () => this.#settle(false)));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #limit(options: AwaitOptions): void {
    const isRef = this.#places.some((place) => place.isRef);
    const release = limit(
      options,
      isRef,
      () => this.#settle(true),
      () => this.#fail(options.signal?.reason),
    );
    this.#release = () => {
      release();
      for (const place of this.#places) place.whenClosed(this, undefined);
    };
  }

  /** Leaves all queues: what came of it. A wake-up that this wait does not use is passed on. */
  #leave(mayUse: boolean): FutexAnyResult | undefined {
    const outcomes = this.#waits.splice(0).map((wait) => wait.end());
    const used = mayUse ? outcomeOf(outcomes) : undefined;
    outcomes.forEach((outcome, index) => {
      if (outcome === WOKEN && index !== used?.index) futexWake(this.#places[index].address(), 1);
    });
    if (used === undefined && outcomes.includes(UNMAPPED) && mayUse) this.#queue();
    return used;
  }

  #settle(isTimeout: boolean): void {
    const result = this.#leave(true) ?? (isTimeout ? TIMED_OUT : undefined);
    if (result === undefined) return; // waits again at another address
    this.#end();
    this.#resolve(result);
  }

  #fail(reason: unknown): void {
    this.#leave(false);
    this.#end();
    this.#reject(reason);
  }

  #end(): void {
    for (const wait of this.#waits.splice(0)) wait.end();
    this.#release();
  }
}

/** Resolves when one is woken or differs, or at the timeout. Options have been checked. */
export function waitForAny(places: readonly FutexPlace[], options: AwaitOptions = {}): Promise<FutexAnyResult> {
  if (options.signal?.aborted) return Promise.reject(options.signal.reason);
  return new Promise((resolve, reject) => new AnyWait(places, resolve, reject).begin(options));
}
