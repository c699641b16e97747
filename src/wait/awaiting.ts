// Awaiting: callers that await the same thing, served in order by one parked watch.

import { setImmediate } from "node:timers";
import type { AwaitOptions } from "./deadline.ts";
import { limit } from "./limit.ts";
import { Linger } from "./linger.ts";
import { Queue } from "./queue.ts";

/** How the queue sleeps: an eventcount in production, anything in a test. */
export interface Parking {
  /** Whether it looks again for some turns of the loop before it parks, and how long, ms; some 0.2 unless said. */
  readonly lingers?: { readonly spinMs: number | undefined };
  /** Announces a sleeper, before a last look: the key, and whose death would end the sleep. */
  prepare(): number;
  /** Calls back when the key has changed or the peer has died. False: it has changed already. */
  park(key: number, onChange: () => void): boolean;
  unpark(): void;
  /** One caller more, or less, that keeps the process alive while it waits. */
  hold?(change: 1 | -1): void;
}

/** The turn of the event loop before which nobody is served, while one is pending. */
export type PendingTurn = () => Promise<void> | undefined;

interface Caller {
  attempt(): unknown;
  readonly pendingTurn: PendingTurn | undefined;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  /** Ends its timeout. */
  release(): void;
  isSettled: boolean;
  /** It keeps the process alive. */
  readonly isRef: boolean;
  isHolding: boolean;
}

const nothing = () => {};

/** So often it looks and is told at once to look again, before the event loop has a turn: others are busy, or hostile. */
const VAIN_LOOKS_MOST = 64;

/** Each caller has an `attempt`, which answers undefined for "not yet" and throws what should end its wait. */
export class Awaiting {
  readonly #parking: Parking;
  readonly #callers = new Queue<Caller>();
  readonly #onChange = () => this.#serve();
  readonly #linger: Linger | undefined;

  constructor(parking: Parking) {
    this.#parking = parking;
    if (parking.lingers !== undefined) this.#linger = new Linger(parking.lingers.spinMs, this.#onChange);
  }

  get size(): number {
    return this.#callers.size;
  }

  /** `isRef`: the wait and its timeout keep the process alive. */
  add<T>(
    attempt: () => T | undefined,
    options: AwaitOptions | undefined,
    isRef = true,
    pendingTurn?: PendingTurn,
  ): Promise<T | undefined> {
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const settle = { resolve: resolve as (value: unknown) => void, reject };
      const state = { release: nothing, isSettled: false, isRef, isHolding: false };
      const caller: Caller = { attempt, pendingTurn, ...settle, ...state };
      if (options !== undefined) this.#limit(caller, options, isRef);
      this.#callers.add(caller);
      if (this.#callers.size === 1) this.#serve();
      if (isRef && !caller.isSettled) this.#hold(caller);
    });
  }

  /** Ends the caller's wait at its timeout or abort. */
  #limit(caller: Caller, options: AwaitOptions, isRef: boolean): void {
    const onTimeout = () => this.#onTimeout(caller);
    const onAbort = () => this.#leave(caller, () => caller.reject(options.signal?.reason));
    caller.release = limit(options, isRef, onTimeout, onAbort);
  }

  #hold(caller: Caller): void {
    caller.isHolding = true;
    this.#parking.hold?.(1);
  }

  /** It has left the queue. */
  #release(caller: Caller): void {
    caller.isSettled = true;
    caller.release();
    if (caller.isHolding) this.#parking.hold?.(-1);
  }

  /**
   * A last look, in the order of the queue: what has happened in time is no timeout, though the event loop was busy for so
   * long that the timer comes first. Where attempts are refused before a turn of the loop, so is the end of the wait.
   */
  #onTimeout(caller: Caller): void {
    const turn = caller.pendingTurn?.();
    if (turn !== undefined) {
      turn.then(() => this.#onTimeout(caller));
      return;
    }
    let isAny = false;
    for (let first = this.#callers.first; first !== undefined && !caller.isSettled; first = this.#callers.first) {
      if (!this.#settleFirst(first)) break;
      isAny = true;
    }
    this.#leave(caller, () => caller.resolve(undefined));
    if (isAny) this.#serve();
  }

  #leave(caller: Caller, settle: () => void): void {
    const before = this.#callers.remove(caller);
    if (before < 0) return;
    this.#release(caller);
    settle();
    if (this.#callers.size === 0) {
      this.#linger?.fail();
      this.#parking.unpark();
    } else if (before === 0) this.#serve();
  }

  /** Settles the first caller if it can be; whether it is. What its attempt runs, a type of the user's, may do so first. */
  #settleFirst(caller: Caller): boolean {
    let value: unknown;
    try {
      value = caller.attempt();
    } catch (error) {
      if (this.#removeFirst(caller)) caller.reject(error);
      return true;
    }
    if (value !== undefined && this.#removeFirst(caller)) caller.resolve(value);
    return caller.isSettled;
  }

  /** False: it has left already. */
  #removeFirst(caller: Caller): boolean {
    if (caller.isSettled) return false;
    this.#callers.shift();
    this.#release(caller);
    return true;
  }

  /** Serves in order whom it can, then parks for the next one. Where nobody can be parked, all are told why. */
  #serve(): void {
    try {
      this.#serveOrPark();
    } catch (error) {
      this.close(error as Error);
    }
  }

  #serveOrPark(): void {
    let key: number | undefined;
    let vainLooks = 0;
    for (let caller = this.#callers.first; caller !== undefined; caller = this.#callers.first) {
      if (this.#settleFirst(caller)) {
        key = undefined;
        this.#linger?.succeed();
      } else if (key === undefined) {
        if (caller.isRef && this.#linger?.goesOn()) return; // for others a turn of the loop may never come
        key = this.#parking.prepare();
      } else if (this.#parking.park(key, this.#onChange)) return;
      else if (++vainLooks === VAIN_LOOKS_MOST) {
        setImmediate(this.#onChange);
        return;
      } else key = undefined;
    }
    this.#parking.unpark();
  }

  /** Rejects everybody. */
  close(reason: Error): void {
    for (const caller of this.#callers.clear()) {
      this.#release(caller);
      caller.reject(reason);
    }
    this.#parking.unpark();
  }
}
