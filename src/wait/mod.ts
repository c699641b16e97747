// Waiting: deadlines, eventcounts and the waiting engine.
export { clockMonotonic } from "../sys/futex.ts";
export type { AwaitOptions, WaitOptions } from "./deadline.ts";
export { Futex, type FutexMemory } from "./futex.ts";
export type { FutexAnyResult, FutexResult } from "./futex_any.ts";
export type { NamedWord } from "./named_word.ts";
export { Peer } from "./peer.ts";
