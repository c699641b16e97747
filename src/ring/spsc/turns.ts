// Turns of the event loop between answers that needed no wait: a promise that is settled already starves timers and input.

import { setImmediate } from "node:timers";

/** So many answers in a row come before timers and input get their turn. */
const TURN_ANSWERS = 256;

/** The answers of one side of a ring. */
export class Turns {
  private count = 0;
  /** The turn that is being waited for. */
  private turn: Promise<void> | undefined;

  /** A promise of `value`: settled already, or after a turn, which those behind it wait for too, so that they stay behind. */
  answer<T>(value: T): Promise<T> {
    this.count++;
    if (this.count < TURN_ANSWERS) return Promise.resolve(value);
    this.turn ??= this.begin();
    return this.turn.then(() => value);
  }

  private begin(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.turn = undefined;
        this.count = 0;
        resolve();
      });
    });
  }
}
