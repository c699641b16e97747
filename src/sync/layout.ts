// The bytes of locks and of what is built on them, from a 128-aligned start. Zeros are a free, fresh object.
//
//   Mutex       0x00  i32 lock word (src/sync/lock_word.ts)      0x04  i32 state      0x08  i32 pid of the last dead holder
//               0x0c  i32 eventcount      0x10  112 bytes: why it is unrecoverable, UTF-8, ends at a NUL
//   Event       0x00  i32 eventcount       0x04  i32 is set          0x08  i32 1 = resets itself
//   Semaphore   0x00  i32 eventcount       0x04  i32 value           0x08  i32 number of owned permits, 0 = unowned
//               0x80  i32 owner id of each owned permit; 0 = free
//   Condition   0x00  i32 eventcount
//   Barrier     0x00  i32 eventcount       0x04  i32 phase           0x08  i32 members that must have joined
//               0x80  i32 for each slot: generation of the member, 0 = none       0x280  i32 for each slot: the phase
//               that follows the one it has arrived at (1 follows 2 ** 31 - 1)
//   Once        0x00  i32 lock word        0x04  i32 1 = done        0x0c  i32 eventcount
//   RwLock      0x00  i32 writer's lock word    0x04  i32 state, as a Mutex      0x08  i32 pid of the last dead writer
//               0x0c  i32 eventcount           0x10  112 bytes: why it is unrecoverable
//               0x80  i32 drain eventcount            0x84  i32 1 = prefers readers
//               0x88  i32 1 = a writer is in, and not only draining
//               0x100 i32 for each slot: generation of a reader, 0 = not reading
//
// Two locks that C and C++ programs know, at any place of their alignment:
//
//   FutexLock   0x00  i32 0 free, 1 locked, 2 locked and somebody may sleep
//   SpinLock    0x00  u8 0 free, 1 locked

export const LOCK = 0x00;
export const STATE = 0x04;
export const DEAD_PID = 0x08;
export const LOCK_EVENTCOUNT = 0x0c;
export const REASON = 0x10;
export const REASON_SIZE = 112;
export const MUTEX_SIZE = 128;

/** Where the lock lies of an object that begins at `base`. */
export const lockAt = (base: number) => ({ word: base + LOCK, eventcount: base + LOCK_EVENTCOUNT });

export const STATE_SOUND = 0;
/** Recovered from a dead holder, and not yet repaired by the one who holds it now. */
export const STATE_SUSPECT = 1;
export const STATE_UNRECOVERABLE = 2;

export const EVENTCOUNT = 0x00;

export const EVENT_IS_SET = 0x04;
export const EVENT_RESETS = 0x08;
export const EVENT_SIZE = 128;

export const SEMAPHORE_VALUE = 0x04;
export const SEMAPHORE_OWNED = 0x08;
export const SEMAPHORE_PERMITS = 0x80;
export const SEMAPHORE_OWNED_MOST = 1024;
export const SEMAPHORE_VALUE_MOST = 2 ** 31 - 1;

export const CONDITION_SIZE = 128;

export const BARRIER_PHASE = 0x04;
export const BARRIER_PARTIES = 0x08;
export const BARRIER_MEMBERS = 0x80;
export const BARRIER_ARRIVED = 0x280;
export const BARRIER_SIZE = 0x480;

export const ONCE_DONE = 0x04;
export const ONCE_SIZE = 128;

export const RWLOCK_DRAIN = 0x80;
export const RWLOCK_PREFERS_READERS = 0x84;
export const RWLOCK_ENTERED = 0x88;
export const RWLOCK_READERS = 0x100;
export const RWLOCK_SIZE = 0x300;

export const FUTEX_LOCK_FREE = 0;
export const FUTEX_LOCK_LOCKED = 1;
export const FUTEX_LOCK_CONTENDED = 2;
export const FUTEX_LOCK_SIZE = 4;
export const SPIN_LOCK_SIZE = 1;

export const VERSION = 1;
