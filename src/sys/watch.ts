// Watches of the waiting engine: one typed function per shim symbol (shim/engine.c).

import { environment } from "../runtime/environment.ts";

/**
 * Registers the word at `address`; `id` is what watchTake will say; `participant`: the handle of who has joined the table of
 * whose lives it is one, 0 for other words. The watch's handle, or -errno.
 */
export function watchAdd(address: number, id: number, participant: number): number {
  const { calls, address: here } = environment();
  return calls.watch_add(address, participant, id, here);
}

/** Asks to be told once when the word differs from `expected`. 1: it does already, and nothing will be told. */
export function watchArm(watch: number, expected: number): number {
  return environment().calls.watch_arm(watch, expected);
}

export function watchRemove(watch: number): number {
  return environment().calls.watch_remove(watch);
}

/** The id of a watch that has fired, or a negative number when there is no more. */
export function watchTake(): number {
  const { calls, address } = environment();
  return calls.watch_take(address);
}

/** What the event loop runs when watches have fired. Once per environment. */
export function onWake(callback: () => void): void {
  environment().onWake(callback);
}

/** Whether the engine keeps the event loop alive. */
export function refWake(yes: boolean): void {
  environment().refWake(yes);
}
