// Eventcount: a 32-bit word by which one side sleeps until the other has published something.
//
//   bit 0  somebody may sleep        bits 31..1  sequence
//
// The sleeper sets bit 0 (prepare), looks once more at what it waits for, and sleeps while the word keeps its value.
// The notifier publishes, loads the word, and only if bit 0 is set advances the sequence and wakes everybody, both in one
// system call: who is killed has done both, or left the bit set for the next one. Adding 1 does it. Two that do it at once
// leave the bit set again, in a new sequence: a wake-up too many.
//
// SYNC eventcount: publish-then-load-flag against set-flag-then-look. The publisher's store may be plain, without a
// fence: the sleeper runs membarrier(2) between its two steps, which puts the fence into the publisher's instructions.

import { futexAdvance, membarrier, membarrierRegister } from "../sys/futex.ts";
import { isInOrder, loadOrdered } from "../sys/ordering.ts";

/** Somebody may sleep. */
export const SLEEPERS = 1;

let hasBarrier = true;

/** Announces a sleeper: the key to sleep on. After it, look once more at what you wait for. */
export function prepareToSleep(words: Int32Array, index: number): number {
  let key = loadOrdered(words, index);
  while ((key & SLEEPERS) === 0) {
    const found = Atomics.compareExchange(words, index, key, key | SLEEPERS);
    if (found === key) key |= SLEEPERS;
    else key = found;
  }
  if (hasBarrier && membarrier() < 0) hasBarrier = false; // SYNC eventcount (sleeper)
  return key;
}

/** Whether this process may publish by a plain store: stores stay in order here, and sleepers' barriers reach it. */
export function mayPublishPlainly(): boolean {
  return isInOrder && membarrierRegister() >= 0;
}

/** Whether somebody may sleep: a plain load, all that the hot side pays; an atomic one after an atomic publish. */
export function hasSleepers(words: Int32Array, index: number, isAtomic: boolean): boolean {
  const value = isAtomic ? Atomics.load(words, index) : words[index]; // SYNC eventcount (publisher)
  return (value & SLEEPERS) !== 0;
}

/** Wakes all sleepers, if there may be any. `address` is where the word stands in this process. */
export function notifyAll(words: Int32Array, index: number, address: number): void {
  if ((loadOrdered(words, index) & SLEEPERS) !== 0) futexAdvance(address);
}

/** How long a sleep may last in ns where membarrier(2) is refused and a wake-up could be missed; Infinity elsewhere. */
export function longestSleep(): number {
  return hasBarrier ? Number.POSITIVE_INFINITY : 2_000_000;
}
