// Memory that processes share.
export { Participants } from "./participants.ts";
export { SharedMemory } from "./shared_memory.ts";
export type * from "./shared_memory_options.ts";
export * from "./struct/mod.ts";
