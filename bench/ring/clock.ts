// The clock of the measurements: CLOCK_MONOTONIC through the shim, the same in every runtime and process.
// The runtimes' own clocks would not do: one look costs 17 ns in Bun, 105 in Node and 218 in Deno, and process.hrtime
// counts from the start of the process in Bun and Deno.
export { clockMonotonic as nowNs } from "../../src/sys/futex.ts";
