// The clock of a player: its time stands still, until the play says that it is up; then whatever it had limited is over.
//
// The library's timeouts are timers of the event loop, and instants of CLOCK_MONOTONIC.

import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import { environment } from "../../../src/runtime/environment.ts";
import type { Stage } from "./stage.ts";

const BEGIN_NS = 1e9;
const HOUR_NS = 3600e9;

class PlayedTimer {
  readonly due: number;
  readonly callback: () => void;

  constructor(due: number, callback: () => void) {
    this.due = due;
    this.callback = callback;
  }

  unref(): this {
    return this;
  }
}

/** From its making on, the clock and the timers of this thread are the play's. */
export class PlayedClock {
  readonly #stage: Stage;
  readonly #pending = new Set<PlayedTimer>();

  constructor(stage: Stage) {
    this.#stage = stage;
    const { calls } = environment();
    Object.assign(calls, { clock_monotonic: () => this.now });
    Object.assign(timers, {
      setTimeout: (callback: () => void, timeoutMs: number) => this.#start(callback, timeoutMs),
      clearTimeout: (timer: PlayedTimer) => this.#pending.delete(timer),
    });
    syncBuiltinESMExports();
  }

  /** In ns: an hour later whenever its time is up. */
  get now(): number {
    return BEGIN_NS + this.#stage.timesOf(this.#stage.me) * HOUR_NS;
  }

  #start(callback: () => void, timeoutMs: number): PlayedTimer {
    const timer = new PlayedTimer(this.now + timeoutMs * 1e6, callback);
    this.#pending.add(timer);
    return timer;
  }

  /** Before a play. */
  reset(): void {
    this.#pending.clear();
  }

  /** As the event loop: runs a timer whose time has come; whether there was one. */
  ring(): boolean {
    const { now } = this;
    const timer = [...this.#pending].find(({ due }) => due <= now);
    if (timer === undefined) return false;
    this.#pending.delete(timer);
    timer.callback();
    return true;
  }
}
