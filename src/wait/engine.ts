// The waiting engine's JavaScript side: watches that call back on the event loop when a shared word changes.

import { errno } from "../sys/errno.ts";
import { type Attempt, check, startingThread } from "../sys/error.ts";
import { watchAdd, watchArm, watchRemove } from "../sys/watch.ts";
import { register, unregister } from "./registry.ts";

/** As many words as the threads of shim/engine.c take; a mutex that is held takes one, and one for its holder's life. */
const TOO_MANY = "this process watches 32512 words, and no more can be: close what it waits for no more";

function attemptOf(result: number): Attempt {
  if (result === -errno.ENOSPC) return { syscall: "futex_waitv", doing: "await another word", hint: TOO_MANY };
  return startingThread(result, { syscall: "pthread_create", doing: "start the waiting engine" });
}

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
    this.#handle = check(result, () => attemptOf(result));
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
