// Futex words, memory barriers and spin hints: one typed function per system call.

import { environment } from "../runtime/environment.ts";

/** Sleeps while the word at `address` holds `expected`, until the deadline (ns, monotonic; negative = for ever). */
export function futexWait(address: number, expected: number, deadline: number): number {
  return environment().calls.futex_wait(address, expected, deadline);
}

/** Wakes up to `count` sleepers; how many it woke. */
export function futexWake(address: number, count: number): number {
  return environment().calls.futex_wake(address, count);
}

/** As futexWait, but the death of the owner of the life word at `life` (0 = nobody) ends it with -EOWNERDEAD. */
export function waitEvent(address: number, expected: number, life: number, deadline: number): number {
  return environment().calls.wait_event(address, expected, life, deadline);
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
