// Ctrl-C and its relatives: the first one stops the feed and with it, in turn, the others; the second one ends all.

import { constants } from "node:os";
import process from "node:process";

type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** How long the stages may take to finish what they have, once told to stop. */
const STOP_WITHIN_MS = 5000;

export class Interruption {
  /** What came first, if anything. */
  signal: Signal | undefined;
  /** Ends all processes at once. */
  kill: () => void = () => {};
  /** What the first signal does. */
  stop: () => void = () => this.kill();

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.#interrupt(signal));
  }

  #interrupt(signal: Signal): void {
    if (this.signal === undefined) {
      this.signal = signal;
      setTimeout(() => this.kill(), STOP_WITHIN_MS).unref();
      this.stop();
    } else {
      this.kill();
    }
  }

  /** As shells say it: 128 + the signal's number. 0 when nothing came. */
  get exitCode(): number {
    return this.signal === undefined ? 0 : 128 + constants.signals[this.signal];
  }
}
