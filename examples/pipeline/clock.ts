// The clock: CLOCK_MONOTONIC, the same in every process. (process.hrtime counts from the process's start in Bun and Deno.)

export { clockMonotonic as nanoseconds } from "../../mod.ts";

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps this thread; longer by the 50 to 200 us that the kernel's timers take. */
export function sleep(milliseconds: number): void {
  Atomics.wait(sleeper, 0, 0, milliseconds);
}
