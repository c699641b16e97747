/* spin_lock.h: a lock of one byte, as atomic_flag: 0 free, 1 locked. For sections of a few instructions.
 *
 * The same as the class SpinLock of TypeScript. It needs no participants, and does not heal: a holder that dies leaves it
 * locked for ever. Who waits looks without writing, pauses longer and longer, after 20 us offers the processor to others at
 * each look, and after 2 ms sleeps half a millisecond between its looks: a stopped or dead holder costs little.
 */
#ifndef LINUX_IPC_SPIN_LOCK_H
#define LINUX_IPC_SPIN_LOCK_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

/* Takes the lock if it is free: 0; -EBUSY. */
static inline int32_t linux_ipc_spin_lock_try(uint8_t *lock) {
  if (__atomic_load_n(lock, __ATOMIC_RELAXED) != 0) return -EBUSY;
  return __atomic_exchange_n(lock, 1, __ATOMIC_SEQ_CST) == 0 ? 0 : -EBUSY;
}

static inline void linux_ipc_spin_lock_back_off(int64_t waited_ns, int pauses) {
  struct timespec half_ms = {0, 500000};
  if (waited_ns < 20000)
    for (int pause = 0; pause < pauses; pause++) linux_ipc_pause();
  else if (waited_ns < 2000000) sched_yield();
  else nanosleep(&half_ms, NULL);
}

/* Takes the lock, spinning until it is free. 0; -ETIMEDOUT, up to half a millisecond later. Not recursive, not fair. */
static inline int32_t linux_ipc_spin_lock_lock(uint8_t *lock, int64_t timeout_ns) {
  if (linux_ipc_spin_lock_try(lock) == 0) return 0;
  int64_t begin = linux_ipc_now(), now = begin;
  for (int pauses = 4; timeout_ns < 0 || now - begin < timeout_ns; pauses = pauses < 64 ? 2 * pauses : pauses) {
    linux_ipc_spin_lock_back_off(now - begin, pauses);
    if (linux_ipc_spin_lock_try(lock) == 0) return 0;
    now = linux_ipc_now();
  }
  return -ETIMEDOUT;
}

/* Gives the lock back. 0; -EPERM it was free: somebody else has unlocked what we held. */
static inline int32_t linux_ipc_spin_lock_unlock(uint8_t *lock) {
  return __atomic_exchange_n(lock, 0, __ATOMIC_SEQ_CST) == 0 ? -EPERM : 0;
}

#endif
