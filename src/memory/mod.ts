// Memory that processes share.
export { Participants } from "./participants.ts";
export {
  SharedMemory,
  type SharedMemoryAnonymousOptions,
  type SharedMemoryCreateOptions,
  type SharedMemoryDescriptorOptions,
  type SharedMemoryOpenOptions,
} from "./shared_memory.ts";
