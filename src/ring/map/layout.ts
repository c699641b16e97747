// The bytes of a shared map, from its 128-aligned start.
//
//   0x000  u32 magic "SMAP" | version | capacity | keySize | valueSize | flags      written by the creator
//   0x018  i32 boot         of the clock that entries expire by (shim/boot.c)         creator; then the lock's holder
//   0x080  i32 lock         lock word of the writers (src/sync/lock_word.ts)        whoever writes; all below: its holder
//   0x084  i32 repair       1 = the next holder must repair
//   0x088  i32 count        entries
//   0x08c  i32 fresh        slots that have ever been used; those above are all zeros
//   0x090  i32 freeFirst | i32 freeLast     links: the slots that are free again, the longest free first
//   0x098  f64 earliest     no entry expires before it, ns of CLOCK_MONOTONIC
//   0x0a0  i32 eventcount   of who waits for the lock                                 everybody
//   0x100  i32 tick | i32 epoch     FLAG_LRU: epoch * 2^32 + tick uses so far       everybody
//   0x180  buckets, a power of two of them, at least `capacity`:  i32 head | i32 version
//          FLAG_LRU: f64 for each slot, the use at which it was used last; 0 = free everybody
//          slots, `capacity` + SPARES, at multiples of 64 from a multiple of 128
//
//   slot   0  i32 sequence     4  i32 next        8  i32 hash       12  i32 keyLength
//         16  i32 valueLength  24  f64 expires, ns of CLOCK_MONOTONIC; 0 = never
//         32  the key, UTF-8, zeros up to a multiple of 4; at the next multiple of 8 the value
//
// A link is a slot's number, counted from 1; END ends a list. (0 is no link: pages that were lost cannot look empty.)
// The entries of a bucket form a list from its head. What stands in a linked slot never changes: a new value is written
// into a free slot, and takes the place of the old one by one store of the link that leads to it. So does a removal. A
// writer killed at any instant has either stored that link or not.
//
// SYNC bucket: `version` changes after each such store and before the slot that was unlinked is used again. A reader who
// finds the same version after its walk as before it has walked over slots that were all whole. SYNC slot: `sequence`
// changes before the first byte of a slot is overwritten. A reader who finds it unchanged after its copy has copied one
// whole value.

export const MAGIC_NUMBER = 0x50414d53;
export const LAYOUT_VERSION = 1;

export { MAGIC, VERSION } from "../layout.ts";
export const CAPACITY = 0x008;
export const KEY_SIZE = 0x00c;
export const VALUE_SIZE = 0x010;
export const FLAGS = 0x014;
export const BOOT = 0x018;
export const LOCK = 0x080;
export const REPAIR = 0x084;
export const COUNT = 0x088;
export const FRESH = 0x08c;
export const FREE_FIRST = 0x090;
export const FREE_LAST = 0x094;
export const EARLIEST = 0x098;
export const LOCK_EVENTCOUNT = 0x0a0;
export const TICK = 0x100;
export const EPOCH = 0x104;
export const FIRST_BUCKET = 0x180;

export const FLAG_LRU = 1;
export const END = -1;

/** Within a slot. */
export const SEQUENCE = 0;
export const NEXT = 4;
export const HASH = 8;
export const KEY_LENGTH = 12;
export const VALUE_LENGTH = 16;
export const EXPIRES = 24;
export const KEY = 32;

export const BUCKET_SIZE = 8;
/** Free slots of a full map: how many writes later a slot is overwritten that a slow reader still copies. */
export const SPARES = 16;

export const CAPACITY_MOST = 2 ** 24;
export const KEY_SIZE_MOST = 2 ** 12;
export const VALUE_SIZE_MOST = 2 ** 28;
/** Indices of 32-bit words stay exact, and small enough to be fast. */
export const OBJECT_SIZE_MOST = 2 ** 31 - 4096;

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/** How many buckets a map of this capacity has: on average one entry in each, or less. */
export function bucketsOf(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity));
}

/** Where the value stands in a slot: right behind its key, for the sake of cache lines. */
export function valueOffset(keyLength: number): number {
  return KEY + ((keyLength + 7) & ~7);
}

/** Bytes from one slot to the next. */
export function strideOf(keySize: number, valueSize: number): number {
  return roundUp(valueOffset(keySize) + valueSize, 64);
}

/** Where the stamps of use begin, from the object's start. */
export function usedOffset(capacity: number): number {
  return FIRST_BUCKET + bucketsOf(capacity) * BUCKET_SIZE;
}

/** Where the slots begin, from the object's start. */
export function slotsOffset(capacity: number, isLru: boolean): number {
  return roundUp(usedOffset(capacity) + (isLru ? (capacity + SPARES) * 8 : 0), 128);
}
