// The waiting engine's JavaScript side: watches that call back on the event loop when a shared word changes.

import { setImmediate } from "node:timers";
import { check } from "../sys/error.ts";
import { onWake, refWake, watchAdd, watchArm, watchRemove, watchTake } from "../sys/watch.ts";

const watches = new Map<number, Watch>();
let lastId = 0;
let isListening = false;
/** Watches that are waited on and keep the process alive. */
let holding = 0;
let isRef = false;

/** Letting go is put off: whoever awaits message after message would otherwise pay for it at each one. */
function letGo(): void {
  if (holding > 0 || !isRef) return;
  isRef = false;
  refWake(false);
}

function deliver(): void {
  for (let id = watchTake(); id >= 0; id = watchTake()) watches.get(id)?.fire();
}

function listen(): void {
  if (isListening) return;
  onWake(deliver);
  isListening = true;
}

function hold(change: 1 | -1): void {
  holding += change;
  if (holding === 0) setImmediate(letGo);
  else if (!isRef) {
    isRef = true;
    refWake(true);
  }
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
  #isHolding = false;
  /** Whose life word is armed; it stays so until it fires, since there is only one thing to wait for. 0 = nobody's. */
  #armedFor = 0;

  /** `isLife`: the word is a participant's life word, which needs a flag for the kernel to wake us. */
  constructor(address: number, options: { isLife: boolean }) {
    listen();
    do lastId = (lastId + 1) & 0x7fffffff;
    while (watches.has(lastId));
    this.#id = lastId;
    this.#isLife = options.isLife;
    this.#handle = check(watchAdd(address, this.#id, options), () => ({
      syscall: "pthread_create",
      doing: "start the waiting engine",
    }));
    watches.set(this.#id, this);
  }

  /**
   * Calls back once when the word differs from `expected`, or, on a life word, when the owner `expected` dies. False: it
   * is so already, and nothing will be called.
   */
  arm(expected: number, keepsAlive: boolean, callback: () => void): boolean {
    if (!this.#isLife || this.#armedFor !== expected) {
      if (watchArm(this.#handle, expected) === 1) {
        this.disarm();
        return false;
      }
      this.#armedFor = expected;
    }
    this.#callback = callback;
    if (this.#isHolding !== keepsAlive) this.#hold(keepsAlive);
    return true;
  }

  #hold(yes: boolean): void {
    this.#isHolding = yes;
    hold(yes ? 1 : -1);
  }

  /** No longer interested. The engine is not told: a wake-up that nobody waits for costs less than a call each time. */
  disarm(): void {
    this.#callback = undefined;
    if (this.#isHolding) this.#hold(false);
  }

  /** For the engine only. */
  fire(): void {
    const callback = this.#callback;
    this.#armedFor = 0;
    this.disarm();
    callback?.();
  }

  /** After this the word may be unmapped. */
  close(): void {
    if (!watches.delete(this.#id)) return;
    this.disarm();
    watchRemove(this.#handle);
  }
}
