/* futex.h: a 32-bit word to wait on, futex(2); and on it FutexLock, the three-state mutex of the textbooks.
 *
 *   Futex       any word at a multiple of 4
 *   FutexLock   0 free, 1 locked, 2 locked and somebody may sleep
 *
 * The same as the classes Futex and FutexLock of TypeScript. They need no participants, and do not heal: nothing in the
 * word says who holds it. Use a Mutex wherever all sides can.
 */
#ifndef LINUX_IPC_FUTEX_H
#define LINUX_IPC_FUTEX_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

/* Sleeps while *word == expected, until somebody wakes. 0 woken, or without cause: look again; -EAGAIN it is another value;
 * -ETIMEDOUT; -EINTR a signal was handled (without a timeout SA_RESTART sleeps on). */
static inline int32_t linux_ipc_futex_wait(uint32_t *word, uint32_t expected, int64_t timeout_ns) {
  int64_t instant = linux_ipc_deadline(timeout_ns);
  struct timespec until = {(time_t)(instant / 1000000000), (long)(instant % 1000000000)};
  return syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, instant < 0 ? NULL : &until, NULL,
                 FUTEX_BITSET_MATCH_ANY) < 0
             ? -errno
             : 0;
}

/* Wakes at most `count` of those who sleep on the word; how many there were. INT32_MAX: everybody; 0 or less: nobody. */
static inline int32_t linux_ipc_futex_wake(uint32_t *word, int32_t count) {
  if (count <= 0) return 0; /* the kernel would wake one */
  long woken = syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
  return woken < 0 ? -errno : (int32_t)woken;
}

/* Takes the lock if it is free: 0; -EBUSY. */
static inline int32_t linux_ipc_futex_lock_try(uint32_t *lock) {
  uint32_t expected = 0;
  return linux_ipc_exchange_if(lock, &expected, 1) ? 0 : -EBUSY;
}

/* Takes the lock, waiting for it. 0; -ETIMEDOUT. Not recursive: who holds it waits for itself. */
static inline int32_t linux_ipc_futex_lock_lock(uint32_t *lock, int64_t timeout_ns) {
  int64_t deadline = linux_ipc_deadline(timeout_ns);
  for (int looks = 0; looks < 100; looks++) {
    if (linux_ipc_load(lock) == 0 && linux_ipc_futex_lock_try(lock) == 0) return 0;
    linux_ipc_pause();
  }
  while (__atomic_exchange_n(lock, 2, __ATOMIC_SEQ_CST) != 0) {
    if (deadline >= 0 && linux_ipc_now() >= deadline) return -ETIMEDOUT;
    linux_ipc_sleep(lock, 2, deadline);
  }
  return 0;
}

/* Gives the lock back, and wakes all who sleep: one alone may be an event loop that is busy, and the lock free meanwhile.
 * 0; -EPERM it was free: somebody else has unlocked what we held. */
static inline int32_t linux_ipc_futex_lock_unlock(uint32_t *lock) {
  uint32_t before = __atomic_exchange_n(lock, 0, __ATOMIC_SEQ_CST);
  if (before == 2) linux_ipc_futex_wake(lock, INT32_MAX);
  return before == 0 ? -EPERM : 0;
}

#endif
