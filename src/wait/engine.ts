// The waiting engine's JavaScript side: watches that call back on the event loop when a shared word changes.

import { check, startingThread } from "../sys/error.ts";
import { watchAdd, watchArm, watchRemove } from "../sys/watch.ts";
import { register, unregister } from "./registry.ts";

/**
 * One shared word that this environment may await. It stays registered until `close`, so that arming it costs no system
 * call. A callback may come without cause (a late one of an earlier arming): look before you believe it.
 */
export class Watch {
  readonly #handle: number;
  readonly #id: number;
  readonly #isLife: boolean;
  #callback: (() => void) | undefined;
  /** Whose life word is armed; it stays so until it fires, since there is only one thing to wait for. 0 = nobody's. */
  #armedFor = 0;

  /** `lifeFor`: the word is a life word, which needs a flag for the kernel to wake us; the handle of who asks for it. */
  constructor(address: number, options: { lifeFor?: number } = {}) {
    const { lifeFor = 0 } = options;
    this.#id = register(this);
    this.#isLife = lifeFor !== 0;
    const result = watchAdd(address, this.#id, lifeFor);
    if (result < 0) unregister(this.#id);
    const attempt = () => ({ syscall: "pthread_create", doing: "start the waiting engine" });
    this.#handle = check(result, () => startingThread(result, attempt()));
  }

  /**
   * Calls back once when the word differs from `expected`, or, on a life word, when the owner `expected` dies. False: it
   * is so already, and nothing will be called. Does not keep the process alive.
   */
  arm(expected: number, callback: () => void): boolean {
    if (!this.#isLife || this.#armedFor !== expected) {
      if (watchArm(this.#handle, expected) === 1) {
        this.disarm();
        return false;
      }
      this.#armedFor = expected;
    }
    this.#callback = callback;
    return true;
  }

  /** No longer interested. The engine is not told: a wake-up that nobody waits for costs less than a call each time. */
  disarm(): void {
    this.#callback = undefined;
  }

  /** For the registry only. */
  fire(): void {
    const callback = this.#callback;
    this.#armedFor = 0;
    this.disarm();
    callback?.();
  }

  /** After this the word may be unmapped. */
  close(): void {
    if (!unregister(this.#id)) return;
    this.disarm();
    watchRemove(this.#handle);
  }
}
