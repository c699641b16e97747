// Awaiting: callers that await the same thing, served in order by one parked watch.

import { clearTimeout, setTimeout } from "node:timers";
import type { AwaitOptions } from "./deadline.ts";

/** How the queue sleeps: an eventcount in production, anything in a test. */
export interface Parking {
  /** Announces a sleeper: the key. */
  prepare(): number;
  /** Calls back when the key has changed or the peer has died. False: it has changed already. */
  park(key: number, onChange: () => void): boolean;
  unpark(): void;
}

interface Caller {
  attempt(): unknown;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  release(): void;
}

/** Each caller has an `attempt`, which answers undefined for "not yet" and throws what should end its wait. */
export class Awaiting {
  readonly #parking: Parking;
  #callers: Caller[] = [];
  readonly #onChange = () => this.#serve();

  constructor(parking: Parking) {
    this.#parking = parking;
  }

  get size(): number {
    return this.#callers.length;
  }

  /** `isRef`: a timeout that is pending keeps the process alive, as the wait itself does. */
  add<T>(attempt: () => T | undefined, options: AwaitOptions | undefined, isRef = true): Promise<T | undefined> {
    const signal = options?.signal;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const caller: Caller = { attempt, resolve: resolve as (value: unknown) => void, reject, release: () => {} };
      this.#limit(caller, options, isRef);
      this.#callers.push(caller);
      if (this.#callers.length === 1) this.#serve();
    });
  }

  /** Ends the caller's wait at its timeout or abort. */
  #limit(caller: Caller, options: AwaitOptions | undefined, isRef: boolean): void {
    const { timeoutMs, signal } = options ?? {};
    if (timeoutMs === undefined && signal === undefined) return;
    const onAbort = () => this.#leave(caller, () => caller.reject(signal?.reason));
    const onTimeout = () => this.#leave(caller, () => caller.resolve(undefined));
    const isLimited = timeoutMs !== undefined && timeoutMs < 2 ** 31; // longer than setTimeout counts: 24 days
    const timer = isLimited ? setTimeout(onTimeout, timeoutMs) : undefined;
    if (!isRef) timer?.unref();
    signal?.addEventListener("abort", onAbort);
    caller.release = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    };
  }

  #leave(caller: Caller, settle: () => void): void {
    const index = this.#callers.indexOf(caller);
    if (index < 0) return;
    this.#callers.splice(index, 1);
    caller.release();
    settle();
    if (this.#callers.length === 0) this.#parking.unpark();
    else if (index === 0) this.#serve();
  }

  /** Settles the first caller if it can be; whether it was. */
  #settleFirst(caller: Caller): boolean {
    let value: unknown;
    try {
      value = caller.attempt();
      if (value === undefined) return false;
    } catch (error) {
      this.#callers.shift();
      caller.release();
      caller.reject(error);
      return true;
    }
    this.#callers.shift();
    caller.release();
    caller.resolve(value);
    return true;
  }

  /** Serves in order whom it can, then parks for the next one. */
  #serve(): void {
    let key: number | undefined;
    for (let caller = this.#callers[0]; caller !== undefined; caller = this.#callers[0]) {
      if (this.#settleFirst(caller)) key = undefined;
      else if (key === undefined) key = this.#parking.prepare();
      else if (this.#parking.park(key, this.#onChange)) return;
      else key = undefined;
    }
    this.#parking.unpark();
  }

  /** Rejects everybody. */
  close(reason: Error): void {
    for (const caller of this.#callers.splice(0)) {
      caller.release();
      caller.reject(reason);
    }
    this.#parking.unpark();
  }
}
