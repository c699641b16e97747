// Waiting: deadlines, eventcounts and the waiting engine.
export type { AwaitOptions, WaitOptions } from "./deadline.ts";
