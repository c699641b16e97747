// The waiting engine's JavaScript side: watches that call back on the event loop when a shared word changes.

import { check } from "../sys/error.ts";
import { onWake, refWake, watchAdd, watchArm, watchDisarm, watchRemove, watchTake } from "../sys/watch.ts";

const watches = new Map<number, Watch>();
let lastId = 0;
let isListening = false;
/** Armed watches that keep the process alive. */
let holding = 0;

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
  if (change === 1 && holding === 1) refWake(true);
  if (change === -1 && holding === 0) refWake(false);
}

/**
 * One shared word that this environment may await. It stays registered until `close`, so that arming it costs no system
 * call. A callback may come without cause (a late one of an earlier arming): look before you believe it.
 */
export class Watch {
  readonly #handle: number;
  readonly #id: number;
  #callback: (() => void) | undefined;
  #isHolding = false;

  /** `isLife`: the word is a participant's life word, which needs a flag for the kernel to wake us. */
  constructor(address: number, options: { isLife: boolean }) {
    listen();
    do lastId = (lastId + 1) & 0x7fffffff;
    while (watches.has(lastId));
    this.#id = lastId;
    this.#handle = check(watchAdd(address, this.#id, options), () => ({
      syscall: "pthread_create",
      doing: "start the waiting engine",
    }));
    watches.set(this.#id, this);
  }

  /** Calls back once when the word differs from `expected`. False: it does already, and nothing will be called. */
  arm(expected: number, isRef: boolean, callback: () => void): boolean {
    this.disarm();
    if (watchArm(this.#handle, expected) === 1) return false;
    this.#callback = callback;
    this.#isHolding = isRef;
    if (isRef) hold(1);
    return true;
  }

  disarm(): void {
    if (this.#callback === undefined) return;
    watchDisarm(this.#handle);
    this.#settle();
  }

  #settle(): void {
    this.#callback = undefined;
    if (this.#isHolding) hold(-1);
    this.#isHolding = false;
  }

  /** For the engine only. */
  fire(): void {
    const callback = this.#callback;
    if (callback === undefined) return;
    watchDisarm(this.#handle);
    this.#settle();
    callback();
  }

  /** After this the word may be unmapped. */
  close(): void {
    if (!watches.delete(this.#id)) return;
    this.disarm();
    watchRemove(this.#handle);
  }
}
