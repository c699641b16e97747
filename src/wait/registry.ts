// Registry: what the shim's threads tell this environment, handed to whom it concerns, and what keeps the loop alive.

import { setImmediate } from "node:timers";
import { onWake, refWake, watchTake } from "../sys/watch.ts";

/** Something that the shim can tell about. */
export interface Listener {
  /** For the registry only. May come late, after the listener has lost interest: look before you believe it. */
  fire(): void;
}

const listeners = new Map<number, Listener>();
let lastId = 0;
let isListening = false;
/** Waits that keep the process alive. */
let holding = 0;
let isRef = false;

/** Letting go is put off: whoever awaits message after message would otherwise pay for it at each one. */
function letGo(): void {
  if (holding > 0 || !isRef) return;
  isRef = false;
  refWake(false);
}

/** What watchTake adds to an id when it has more to tell: it saves a call on the way of every message. */
const MORE = 2 ** 30;
const ID_MOST = MORE - 1;

let isDelivering = false;
/** For microtasks. Not by queueMicrotask, which Jest's fake timers take away: then nobody would let go of the loop. */
const settled = Promise.resolve();

function takeAll(): void {
  for (let more = true; more; ) {
    const taken = watchTake();
    if (taken < 0) return;
    more = taken >= MORE;
    listeners.get(taken & ID_MOST)?.fire();
  }
}

/** Who was just told runs in a microtask before this one, and usually awaits the next thing by its end. */
function letGoUnlessAwaited(): void {
  if (holding === 0) setImmediate(letGo);
}

/** setImmediate is not free (in Deno some 7 us from a cold start): it stays out of the way of who is told. */
function deliver(): void {
  isDelivering = true;
  try {
    takeAll();
  } finally {
    isDelivering = false;
    if (holding === 0 && isRef) settled.then(letGoUnlessAwaited);
  }
}

function listen(): void {
  if (!isListening) onWake(deliver);
  isListening = true;
}

/** The id under which the shim will tell about it. */
export function register(listener: Listener): number {
  listen();
  do lastId = (lastId + 1) & ID_MOST;
  while (listeners.has(lastId));
  listeners.set(lastId, listener);
  return lastId;
}

/** False: it was not registered any more. */
export function unregister(id: number): boolean {
  return listeners.delete(id);
}

/** One more, or one less, that keeps the process alive. */
export function hold(change: 1 | -1): void {
  listen();
  holding += change;
  if (holding === 0) {
    if (!isDelivering) setImmediate(letGo);
  } else if (!isRef) {
    isRef = true;
    refWake(true);
  }
}
