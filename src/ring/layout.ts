// The words of a role, alike in every object that has one; each stands where its object's layout says.
//
//   role       u32 owner id of who holds it, 0 = nobody
//   state      u32 how the last holder left it
//   candidate  u32 owner id of who is about to take it, 0 = nobody

/** Held, or its holder has died. */
export const STATE_OPEN = 0;
/** The last holder has closed in order. */
export const STATE_CLOSED = 1;

/** Where every object says what it is, and by which version of its layout. */
export const MAGIC = 0x000;
export const VERSION = 0x004;
