// Waiting: deadlines, eventcounts and the waiting engine.
export { clockMonotonic } from "../sys/futex.ts";
export type { AwaitOptions, WaitOptions } from "./deadline.ts";
