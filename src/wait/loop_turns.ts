// Turns of the event loop between awaits that need no wait: a loop of promises that are settled already would starve timers
// and input.

import { setImmediate } from "node:timers";

/** So many calls in a row come before timers and input get their turn. */
const CALLS = 256;

/** One object's. */
export class LoopTurns {
  // `private`, not #private: see D34
  private calls = 0;
  private turn: Promise<void> | undefined;

  /** At the begin of each call: the turn that it must wait for before it looks, as must all that come meanwhile. */
  due(): Promise<void> | undefined {
    this.calls++;
    if (this.calls < CALLS) return undefined;
    this.turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.turn = undefined;
        this.calls = 0;
        resolve();
      });
    });
    return this.turn;
  }
}
