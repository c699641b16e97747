// The bytes of a segment: a named object's header, the table of those who are attached, and the object itself.
//
//   0x0000  header          magic | version | kind | object version | size | created | ...
//   0x1000  participants    128 slots of 64 bytes (shim/participant.c writes them)
//   0x3000  object          its own layout: src/ring/spsc/layout.ts and so on
//
//   header      0  u32  magic, "LIPC"; written last but atomically visible anyway: the file gets its name when done
//               4  u32  version of this layout
//               8  u32  kind of the object, four letters
//              12  u32  version of the object's layout
//              16  f64  size of the segment, bytes
//              24  f64  creation time, ms since 1970
//   slot        0  u32  life: thread id | waiters bit, or owner-died bit
//               4  u32  generation, 21 bits
//               8  i32  pid, for people
//              12  u32  boot of the last holder (shim/boot.c), 0 = unknown: in another one the generations begin anywhere
//              16  f64  when it was taken, ns of CLOCK_MONOTONIC, for people

export const SEGMENT_MAGIC = 0x4350494c;
export const SEGMENT_VERSION = 1;

export const MAGIC_OFFSET = 0;
export const VERSION_OFFSET = 4;
export const KIND_OFFSET = 8;
export const OBJECT_VERSION_OFFSET = 12;
export const SIZE_OFFSET = 16;
export const CREATED_OFFSET = 24;

export const PARTICIPANTS_OFFSET = 0x1000;
export const PARTICIPANTS_COUNT = 128;
export const SLOT_SIZE = 64;
export const PARTICIPANTS_SIZE = PARTICIPANTS_COUNT * SLOT_SIZE;
export const OBJECT_OFFSET = 0x3000;

export const SLOT_LIFE_OFFSET = 0;
export const SLOT_GENERATION_OFFSET = 4;
export const SLOT_PID_OFFSET = 8;
export const SLOT_BOOT_OFFSET = 12;

/** FUTEX_OWNER_DIED, set by the kernel in a life word. */
export const OWNER_DIED = 0x40000000;
/** What a life word holds where robust lists are refused: only the slot's lock tells of a death. */
export const LIFE_WITHOUT_ROBUST_LIST = 0x3ffffffe;

/** An owner id: generation << 10 | slot + 1. Bit 31 of a word that holds one is free for the word's own use. */
export const OWNER_SLOT_MASK = 1023;
export const OWNER_GENERATION_SHIFT = 10;
export const OWNER_MASK = 0x7fffffff;

/** Everything shared starts at multiples of this: two cache lines, because processors fetch lines in pairs. */
export const ALIGNMENT = 128;
export const PAGE_SIZE = 4096;
