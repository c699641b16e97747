// FutexWait: one awaited wake-up of one futex word; its place in the kernel's queue lasts as long as it does.

import { check, startingThread } from "../sys/error.ts";
import { futexAwait, futexLeave } from "../sys/futex.ts";
import { hold, register, unregister } from "./registry.ts";

/** What a wait came to, as the shim says it. */
export const STILL_WAITING = 0;
export const WOKEN = 1;
export const DIFFERED = 2;
/** The mapping was replaced: wait again at the new address. */
export const UNMAPPED = 3;

/** Waits from its making until `end`. */
export class FutexWait {
  readonly #id: number;
  readonly #handle: number;
  readonly #isHolding: boolean;
  #callback: (() => void) | undefined;

  /** Calls back once, when there is an outcome. */
  constructor(address: number, expected: number, isRef: boolean, callback: () => void) {
    this.#id = register(this);
    const result = futexAwait(address, expected, this.#id);
    if (result < 0) unregister(this.#id);
    const attempt = () => ({ syscall: "futex_waitv", doing: "await a futex", hint: "too many waits" });
    this.#handle = check(result, () => startingThread(result, attempt()));
    this.#callback = callback;
    this.#isHolding = isRef;
    if (isRef) hold(1);
  }

  /** For the registry only. */
  fire(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }

  /** Leaves the queue and says what came of it; exactly once. What reaches it behind that is passed on. */
  end(): number {
    unregister(this.#id);
    this.#callback = undefined;
    if (this.#isHolding) hold(-1);
    return futexLeave(this.#handle);
  }
}
