// The bytes of the counter test's memory.
//
//   words  0 total | 1 who was in last | 2 changes of that | 3 the total once more | 4 faults, seen by readers and at
//          barriers | 5 processes | 6 somebody is in, under a Condition
//   256    FutexLock, SpinLock

export const [TOTAL, LAST, HAND_OFFS, SECOND, FAULTS, PARTIES, BUSY] = [0, 1, 2, 3, 4, 5, 6] as const;
export const LOCK_OFFSET = 256;
