// Futex words, memory barriers and spin hints: one typed function per system call.

import { environment } from "../runtime/environment.ts";
import { scratchPairs } from "./scratch.ts";

/** Sleeps while the word at `address` holds `expected`, until the deadline (ns, monotonic; negative = for ever). */
export function futexWait(address: number, expected: number, deadline: number): number {
  return environment().calls.futex_wait(address, expected, deadline);
}

/** futex_waitv(2) over pairs of address and expected value: the index of one that was woken, or -errno as futexWait. */
export function futexWaitAny(pairs: readonly (readonly [number, number])[], deadline: number): number {
  return environment().calls.futex_wait_any(scratchPairs(pairs), pairs.length, deadline);
}

/** As a count of sleepers to wake: all of them. */
export const EVERYBODY = 2 ** 31 - 1;

/** Wakes up to `count` sleepers; how many it woke. */
export function futexWake(address: number, count: number): number {
  return environment().calls.futex_wake(address, count);
}

/** Advances the eventcount at `address`, which says that somebody may sleep, and wakes all: a kill comes before or after. */
export function futexAdvance(address: number): number {
  return environment().calls.futex_advance(address);
}

/** As futexWait, but the death of the owner of the life word at `life` (0 = nobody) ends it with -EOWNERDEAD. */
export function waitEvent(address: number, expected: number, life: number, deadline: number): number {
  return environment().calls.wait_event(address, expected, life, deadline);
}

/** As waitEvent, but the death of the owner of any of up to 127 life words ends it. */
export function waitEventAmong(address: number, expected: number, lives: readonly number[], deadline: number): number {
  const pairs = [[address, expected], ...lives.map((life) => [life, 0])] as [number, number][];
  return environment().calls.wait_event_among(scratchPairs(pairs), pairs.length, deadline);
}

export function membarrierRegister(): number {
  return environment().calls.membarrier_register();
}

export function membarrier(): number {
  return environment().calls.membarrier();
}

/** `count` times the processor's hint for spin loops: about 10 to 50 ns each. */
export function pause(count: number): void {
  environment().calls.pause(count);
}

/** sched_yield(2): the processor for somebody else, if somebody else wants it. */
export function schedYield(): void {
  environment().calls.yield();
}

/**
 * clock_gettime(2), CLOCK_MONOTONIC, in nanoseconds: the same clock in every process of this machine and every runtime,
 * for stamps that travel in messages. (process.hrtime starts at 0 in each process on Bun and Deno.) About 25 ns a call.
 */
export function clockMonotonic(): number {
  return environment().calls.clock_monotonic();
}

/** What waking a sleeping thread costs here, in ns; 0 where there is only one processor. Takes about a millisecond. */
export function measureWake(): number {
  return environment().calls.measure_wake();
}

/** Begins to await a wake-up of the word while it holds `expected`; `id` is told once. The wait's handle, or -errno. */
export function futexAwait(address: number, expected: number, id: number): number {
  const { calls, address: here } = environment();
  return calls.futex_await(address, expected, id, here);
}

/** Ends a wait: 0 it still waited, 1 it had been woken, 2 the value differed, 3 the word had been unmapped. */
export function futexLeave(wait: number): number {
  return environment().calls.futex_leave(wait);
}

/** Before memory goes: blocks until wake-ups that have reached waits which left before are passed on. */
export function futexPassOn(): void {
  environment().calls.futex_pass_on();
}
