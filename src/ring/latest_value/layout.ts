// The bytes of a latest value, from its 128-aligned start.
//
//   0x000  u32 magic "LATE" | u32 version | u32 size | u32 buffers | u32 flags      written by the creator
//   0x080  i32 current        sequence of the value that readers take               writer
//   0x100  i32 readersWait    an eventcount       reader before it sleeps, writer when it wakes all of them
//   0x180  u32 writerRole | u32 writerState | u32 writerCandidate                   attach and close
//   0x200  buffers, a power of two of them, at multiples of 128                     writer
//          with FLAG_CHECKSUM then two durable copies, DURABLE_GAP apart from everything else      writer, in sync()
//
//   buffer    0  i32 sequence    4  i32 epoch    8  i32 length    12  i32 checksum    16  the bytes
//
// A value's version is epoch * 2^32 + sequence; version 0 means that there is none. The value with sequence s stands in
// buffer s modulo buffers, and the one published last is never touched: a write begins in the next buffer, by changing
// its sequence word first. So a reader that finds the same sequence there after its copy as before has copied one whole
// value, and a writer that is killed in the middle leaves `current` at the value before.
//
// The checksum is CRC-32C over epoch, sequence, length and bytes. The gap keeps each durable copy alone in its sectors:
// while one is being written to disk, power loss cannot hurt the other.

export const MAGIC_NUMBER = 0x4554414c;
export const LAYOUT_VERSION = 1;

export { MAGIC, VERSION } from "../layout.ts";
export const SIZE = 0x008;
export const BUFFERS = 0x00c;
export const FLAGS = 0x010;
export const CURRENT = 0x080;
export const READERS_WAIT = 0x100;
export const WRITER_ROLE = 0x180;
export const WRITER_STATE = 0x184;
export const WRITER_CANDIDATE = 0x188;
export const FIRST_BUFFER = 0x200;

export const FLAG_CHECKSUM = 1;

/** Within a buffer. */
export const SEQUENCE = 0;
export const EPOCH = 4;
export const LENGTH = 8;
export const CHECKSUM = 12;
export const BYTES = 16;

export const SIZE_MOST = 2 ** 28;
/** One is current, one is being written, and the others give slow readers time. */
export const BUFFERS_LEAST = 4;
export const BUFFERS_MOST = 1024;
/** Indices of 32-bit words stay exact, and small enough to be fast. */
export const OBJECT_SIZE_MOST = 2 ** 31 - 4096;

export const DURABLE_COPIES = 2;
/** The largest sector that disks write at once. */
const DURABLE_GAP = 4096;

/** Bytes from one buffer to the next. */
export function strideOf(size: number): number {
  return Math.ceil((BYTES + size) / 128) * 128;
}

/** Where durable copy 0 or 1 stands, from the object's start. */
export function durableOffset(size: number, buffers: number, copy: number): number {
  return FIRST_BUFFER + buffers * strideOf(size) + DURABLE_GAP + copy * (strideOf(size) + DURABLE_GAP);
}

/** Bytes of the object. */
export function objectSize(size: number, buffers: number, checksum: boolean): number {
  return checksum ? durableOffset(size, buffers, DURABLE_COPIES) : FIRST_BUFFER + buffers * strideOf(size);
}
