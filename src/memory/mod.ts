// Memory that processes share, and memory on chosen pages.
export { type Advice, advise, prefault } from "./advice.ts";
export { AnonymousMemory, type AnonymousMemoryOptions } from "./anonymous.ts";
export { alignUp, cacheLineSize } from "./cache_line.ts";
/** Processors: where the threads of this process run, and how they are scheduled. */
export * as cpu from "./cpu/mod.ts";
export { type HugePagePool, type HugePages, type HugePagesRequest, hugePagePools } from "./huge_pages.ts";
export {
  type LockMemoryOptions,
  lockMemory,
  lockProcessMemory,
  unlockMemory,
  unlockProcessMemory,
} from "./lock_memory.ts";
export { MappedFile } from "./mapped_file.ts";
export type {
  MappedFileCreateOptions,
  MappedFileGrowOptions,
  MappedFileOpenOptions,
  MappedFilePresence,
  MappedFileSyncOptions,
} from "./mapped_file_options.ts";
export type { ByteRange, MappedMemory } from "./mapped_range.ts";
export type { MemoryRegion } from "./memory_region.ts";
/** NUMA: which nodes there are, and which of them memory comes from. */
export * as numa from "./numa/mod.ts";
export { Participants } from "./participants.ts";
export type { ObjectCreateOptions, ObjectOpenOptions, ObjectOverOptions } from "./placement.ts";
export { SharedMemory } from "./shared_memory.ts";
export type {
  SharedMemoryAnonymousOptions,
  SharedMemoryCreateOptions,
  SharedMemoryDescriptorOptions,
  SharedMemoryOpenOptions,
  SharedMemoryWindow,
} from "./shared_memory_options.ts";
export * from "./struct/mod.ts";
