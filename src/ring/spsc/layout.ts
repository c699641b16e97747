// The bytes of a ring with one producer and one consumer, from its 128-aligned start.
//
//   0x000  u32 magic "SPSC" | u32 version | u32 capacity | u32 maxMessageSize        written by the creator
//   0x080  unused
//   0x100  i32 tail                                                                  consumer
//   0x180  i32 consumerWait, an eventcount        consumer before it sleeps, producer when it wakes it
//   0x200  i32 producerWait, an eventcount        producer before it sleeps, consumer when it wakes it
//   0x280  u32 producerRole | u32 producerState | u32 consumerRole | u32 consumerState      attach and close
//   0x290  u32 producerCandidate | u32 consumerCandidate                                    attach
//   0x300  messages: capacity bytes, and room for one more message of the greatest size
//
//   message   0  i32 mark                                                                producer
//             4  i32 taken                                                               consumer
//             8  the bytes, rounded up to a multiple of 8                                producer
//   mark      0: nothing is committed here, and nothing behind it; otherwise the length + 1
//   taken     nobody reads it: by writing it the consumer makes the cache line its own (D38)
//
// tail is a position: bytes since the ring was made, modulo 2^32; a message at position p starts at p modulo capacity.
// A message never wraps: one that starts near the end runs on into the extra room, and the next one starts where it
// would have ended in the ring. What is committed is the chain of messages from tail on, up to the first mark that is 0:
// whoever commits a message has set the mark behind it to 0 before.

export const RING_MAGIC = 0x43535053;
export const RING_VERSION = 2;

export { MAGIC, VERSION } from "../layout.ts";
export const CAPACITY = 0x008;
export const MAX_MESSAGE_SIZE = 0x00c;
export const TAIL = 0x100;
export const CONSUMER_WAIT = 0x180;
export const PRODUCER_WAIT = 0x200;
export const PRODUCER_ROLE = 0x280;
export const PRODUCER_STATE = 0x284;
export const CONSUMER_ROLE = 0x288;
export const CONSUMER_STATE = 0x28c;
export const PRODUCER_CANDIDATE = 0x290;
export const CONSUMER_CANDIDATE = 0x294;
export const MESSAGES = 0x300;

/** Bytes in front of each message, and what the mark behind the last one needs. */
export const MESSAGE_HEADER = 8;

export const CAPACITY_LEAST = 64;
/** Differences of positions are 32-bit integers. */
export const CAPACITY_MOST = 2 ** 30;

/** The word of a message that its consumer writes, counted from its mark. */
export const TAKEN_INDEX = 1;

/** What a message of `size` bytes takes up. */
export function recordSize(size: number): number {
  return (size + MESSAGE_HEADER + 7) & ~7;
}

/** The greatest message that a ring can take: its header and the mark behind it must fit, too. */
export function maxMessageSizeMost(capacity: number): number {
  return capacity - 2 * MESSAGE_HEADER;
}

/** Bytes of a ring. */
export function ringSize(capacity: number, maxMessageSize: number): number {
  return MESSAGES + capacity + recordSize(maxMessageSize);
}
