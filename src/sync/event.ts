// Event: a flag that processes wait for: manual reset (a gate) or auto reset (a turnstile).

import type { Placement } from "../memory/placement.ts";
import { loadOrdered } from "../sys/ordering.ts";
import { checkBoolean } from "../sys/validate.ts";
import type { AwaitOptions, WaitOptions } from "../wait/deadline.ts";
import { NotifyingWord } from "../wait/notifying_word.ts";
import type { Waiter } from "../wait/waiter.ts";
import { EVENT_IS_SET, EVENT_RESETS, EVENT_SIZE, VERSION } from "./layout.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";

const IS_SET = EVENT_IS_SET / 4;
const RESETS = EVENT_RESETS / 4;
const becomeSet = () => 1;

/** What an event is made with. */
export interface EventOptions {
  /** `wait` resets it, so that a `set` lets one waiter through; false unless said: it stays set until `reset`. */
  autoReset?: boolean | undefined;
}

/**
 * A flag in shared memory. `set` wakes those who wait for it, in any process. Nobody owns it: a killed process leaves it
 * as it was. With `autoReset` one waiter passes after a `set`; one that is killed after it has passed has used it up. It
 * does not count: what is set again before anybody has passed lets one through, not two (a `Semaphore` of value 0 counts).
 * A process killed inside `set` may have set it and woken nobody: who waits finds that out within a second.
 *
 * @example
 * ```ts
 * import { Event } from "@linux-ipc/core";
 * const ready = Event.create("/linux-ipc-example-event", { unlinkOnClose: true });
 * setTimeout(() => ready.set(), 5); // usually in another process
 * console.log(await ready.wait()); // true
 * ready.close();
 * ```
 */
export class Event extends SharedObject {
  /** What an event's bytes are. */
  static readonly kind: ObjectKind<EventOptions> = {
    letters: "EVNT",
    version: VERSION,
    noun: "event",
    optionNames: ["autoReset"],
    size: ({ autoReset = false }) => {
      checkBoolean(autoReset, "autoReset");
      return EVENT_SIZE;
    },
    traits: (view) => ({ autoReset: view.getInt32(EVENT_RESETS, true) === 1 }),
    fill: ({ autoReset }, buffer, base) => new DataView(buffer).setInt32(base + EVENT_RESETS, autoReset ? 1 : 0, true),
  };

  // `private`, not #private: see D34
  private readonly words: Int32Array;
  private readonly state: NotifyingWord;
  private readonly waiter: Waiter;
  private readonly attempt = () => (this.tryWait() ? true : undefined);

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, Event.kind.noun);
    this.words = new Int32Array(placement.memory.buffer, placement.base, 4);
    this.state = new NotifyingWord(placement.memory, placement.base);
    this.waiter = this.makeWaiter();
  }

  /** Whether it is set at this moment. */
  get isSet(): boolean {
    this.checkOpen("read");
    return loadOrdered(this.words, IS_SET) === 1;
  }

  /** Sets it and wakes those who wait. */
  set(): void {
    this.checkOpen("set");
    this.state.change(becomeSet); // SYNC eventcount
  }

  /** Makes it not set. */
  reset(): void {
    this.checkOpen("reset");
    Atomics.store(this.words, IS_SET, 0);
  }

  /** Whether it was set; with `autoReset` it is not set any more, and this call has used it. Never waits. */
  tryWait(): boolean {
    if (this.words[RESETS] !== 1) return this.isSet;
    this.checkOpen("wait for");
    return Atomics.compareExchange(this.words, IS_SET, 1, 0) === 1;
  }

  /** Waits until it is set, blocking this thread; false after the timeout. */
  waitSync(options?: WaitOptions): boolean {
    return this.blocking(this.waiter, "waitSync", this.attempt, options) ?? false;
  }

  /** Waits until it is set, as a promise; false after the timeout. An abort rejects with `signal.reason`. */
  wait(options?: AwaitOptions): Promise<boolean> {
    return this.awaiting(this.waiter, "wait", this.attempt, options).then((passed) => passed ?? false);
  }
}
