// Turns of the event loop between answers that needed no wait: a promise that is settled already starves timers and input.

import { setImmediate } from "node:timers";

/** So many answers in a row come before timers and input get their turn. */
const TURN_ANSWERS = 256;

/** The answers of one side of a ring. They settle in order: while a turn is pending, nobody is served by other ways. */
export class Turns {
  private count = 0;
  private turn: Promise<void> | undefined;
  private hasRefused = false;
  private readonly renew: () => void;

  /** `renew` has those look again whose attempts were refused during a turn. */
  constructor(renew: () => void) {
    this.renew = renew;
  }

  /** A promise of `value`, settled already, or after a turn. */
  answer<T>(value: T): Promise<T> {
    this.count++;
    if (this.count < TURN_ANSWERS) return Promise.resolve(value);
    this.turn ??= this.begin();
    return this.turn.then(() => value);
  }

  /** Before a wait, whose first look may be an answer too. */
  beforeWait(): void {
    this.count++;
    if (this.count >= TURN_ANSWERS) this.turn ??= this.begin();
  }

  /** It is waited for what only the event loop brings. */
  comesAnyway(): void {
    this.count = 0;
  }

  /** The turn that is being waited for. */
  get pending(): Promise<void> | undefined {
    return this.turn;
  }

  /** Whether an attempt must wait for the turn. */
  refuses(): boolean {
    if (this.turn === undefined) return false;
    this.hasRefused = true;
    return true;
  }

  private begin(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.turn = undefined;
        this.count = 0;
        resolve();
        if (this.hasRefused) this.renew();
        this.hasRefused = false;
      });
    });
  }
}
