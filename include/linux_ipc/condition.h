/* condition.h: waiting, with a mutex given back meanwhile, until somebody says that something has changed.
 *
 *   0x00  eventcount: its sequence is what a waiter waits to see changed
 *
 * Each waiter looks again at what it waits for: wake-ups without a cause are allowed, and one for a single waiter could be
 * swallowed by one that is killed, so there is none. Advancing and waking is one system call: nobody is killed between.
 * A mutex knows nothing of its conditions: who makes it unrecoverable notifies, too, and those who wait then get
 * -ENOTRECOVERABLE.
 */
#ifndef LINUX_IPC_CONDITION_H
#define LINUX_IPC_CONDITION_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

struct linux_ipc_condition {
  uint32_t eventcount;
  uint8_t padding[124];
};
LINUX_IPC_ASSERT(sizeof(struct linux_ipc_condition) == 128, "condition layout");

/* Wakes everybody who waits. Usually called with the mutex held, after a change. */
static inline void linux_ipc_condition_notify_all(struct linux_ipc_condition *condition) {
  linux_ipc_eventcount_notify(&condition->eventcount);
}

/* Sleeps until the sequence is not that of the key any more. 0; -ETIMEDOUT. */
static inline int32_t linux_ipc_condition_sleep(struct linux_ipc_condition *condition, uint32_t key, int64_t deadline) {
  while (linux_ipc_load(&condition->eventcount) >> 1 == key >> 1) {
    if (deadline >= 0 && linux_ipc_now() >= deadline) return -ETIMEDOUT;
    linux_ipc_eventcount_wait(&condition->eventcount, key, deadline);
  }
  return 0;
}

/* Gives the mutex back, waits for a notification, and takes the mutex again, for which it waits without a limit. `ipc` is
 * that of the mutex.
 *
 * With the mutex held: 0; -ETIMEDOUT; LINUX_IPC_RECOVERED, whichever of the two it was: its holder died meanwhile, see
 * linux_ipc_mutex_try. Without it: -EPERM it was not held; -ENOTRECOVERABLE; -EDEADLK another thread of this process has
 * it. A notification between the giving back and the sleep is not missed. Who has not repaired after a recovery gets
 * -ENOTRECOVERABLE at once: nobody can take the mutex any more, to change something. */
static inline int32_t linux_ipc_condition_wait(struct linux_ipc *ipc, struct linux_ipc_condition *condition,
                                               struct linux_ipc_mutex *mutex, int64_t timeout_ns) {
  int64_t deadline = linux_ipc_deadline(timeout_ns);
  if (!linux_ipc_word_is_mine(ipc, &mutex->word)) return -EPERM;
  uint32_t key = linux_ipc_eventcount_prepare(&condition->eventcount); /* before: from then on none is missed */
  linux_ipc_mutex_unlock(ipc, mutex);
  if (linux_ipc_mutex_is_lost(mutex)) return -ENOTRECOVERABLE;
  int32_t notified = linux_ipc_condition_sleep(condition, key, deadline);
  int32_t locked = linux_ipc_mutex_lock(ipc, mutex, -1);
  return locked == 0 ? notified : locked;
}

#endif
