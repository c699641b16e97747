/* mutex.h: one at a time; heals when its holder dies.
 *
 *   0x00  lock word      0x04  state: sound, suspect or unrecoverable; changed by the holder only
 *   0x08  process id of the last dead holder              0x0c  eventcount
 *   0x10  112 bytes: why it is unrecoverable, UTF-8, ends at a NUL
 */
#ifndef LINUX_IPC_MUTEX_H
#define LINUX_IPC_MUTEX_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

#define LINUX_IPC_SOUND 0
#define LINUX_IPC_SUSPECT 1 /* recovered from a dead holder, and not yet repaired */
#define LINUX_IPC_UNRECOVERABLE 2

struct linux_ipc_mutex {
  uint32_t word;
  int32_t state;
  int32_t dead_pid;
  uint32_t eventcount;
  char reason[112];
};
LINUX_IPC_ASSERT(sizeof(struct linux_ipc_mutex) == 128, "mutex layout");

static inline int32_t linux_ipc_mutex_release(const struct linux_ipc *ipc, struct linux_ipc_mutex *mutex) {
  return linux_ipc_word_release(ipc, &mutex->word, &mutex->eventcount);
}

/* Nobody can take it any more, which never changes. */
static inline int linux_ipc_mutex_is_lost(const struct linux_ipc_mutex *mutex) {
  return __atomic_load_n(&mutex->state, __ATOMIC_SEQ_CST) == LINUX_IPC_UNRECOVERABLE;
}

/* As found, for who has just taken the word: 0 when it is sound, else it is suspect, or -ENOTRECOVERABLE and nothing more.
 * `result` and `dead` as linux_ipc_word_try gave them. */
static inline int32_t linux_ipc_mutex_judge(const struct linux_ipc *ipc, struct linux_ipc_mutex *mutex, int32_t result,
                                            uint32_t dead) {
  if (linux_ipc_mutex_is_lost(mutex)) return -ENOTRECOVERABLE;
  if (result == 0 && mutex->state == LINUX_IPC_SOUND) return 0;
  if (result == LINUX_IPC_RECOVERED) mutex->dead_pid = linux_ipc_pid_of(ipc, dead);
  __atomic_store_n(&mutex->state, LINUX_IPC_SUSPECT, __ATOMIC_SEQ_CST);
  return LINUX_IPC_RECOVERED;
}

/* Takes the mutex if it is free, or its holder dead. 0; LINUX_IPC_RECOVERED: put right what mutex->dead_pid left half
 * done, then linux_ipc_mutex_repaired; -EBUSY; -EDEADLK this process holds it; -ENOTRECOVERABLE, see mutex->reason. */
static inline int32_t linux_ipc_mutex_try(const struct linux_ipc *ipc, struct linux_ipc_mutex *mutex) {
  uint32_t dead = 0;
  int32_t result = linux_ipc_word_try(ipc, &mutex->word, &dead);
  if (result < 0) return linux_ipc_mutex_is_lost(mutex) ? -ENOTRECOVERABLE : result; /* who has it only finds that out */
  result = linux_ipc_mutex_judge(ipc, mutex, result, dead);
  if (result < 0) linux_ipc_mutex_release(ipc, mutex);
  return result;
}

static inline int32_t linux_ipc_mutex_attempt(struct linux_ipc_wait *wait) {
  return linux_ipc_mutex_try(wait->ipc, (struct linux_ipc_mutex *)wait->object);
}

static inline int linux_ipc_mutex_watch(struct linux_ipc_wait *wait, struct linux_ipc_peers *peers) {
  return linux_ipc_word_watch(wait->ipc, &((struct linux_ipc_mutex *)wait->object)->word, peers);
}

/* Takes the mutex, waiting for it. As linux_ipc_mutex_try, and -ETIMEDOUT in place of -EBUSY. */
static inline int32_t linux_ipc_mutex_lock(struct linux_ipc *ipc, struct linux_ipc_mutex *mutex, int64_t timeout_ns) {
  struct linux_ipc_wait wait = {ipc, mutex, 0, &mutex->eventcount, linux_ipc_mutex_attempt, linux_ipc_mutex_watch};
  return linux_ipc_wait_until(&wait, linux_ipc_deadline(timeout_ns));
}

/* What the mutex protects is sound again. The holder calls it. */
static inline void linux_ipc_mutex_repaired(struct linux_ipc_mutex *mutex) {
  __atomic_store_n(&mutex->state, LINUX_IPC_SOUND, __ATOMIC_SEQ_CST);
}

/* Writes why, as far as there is room for whole characters, and that nobody shall take it any more. The holder's. */
static inline void linux_ipc_mutex_condemn(struct linux_ipc_mutex *mutex, const char *reason) {
  size_t length = strlen(reason);
  if (length >= sizeof mutex->reason)
    for (length = sizeof mutex->reason - 1; length > 0 && ((uint8_t)reason[length] & 0xc0) == 0x80;) length--;
  memcpy(mutex->reason, reason, length);
  mutex->reason[length] = '\0';
  __atomic_store_n(&mutex->state, LINUX_IPC_UNRECOVERABLE, __ATOMIC_SEQ_CST);
}

/* Gives the mutex back, never to be locked again. The holder calls it; -EPERM from others. */
static inline int32_t linux_ipc_mutex_unrecoverable(const struct linux_ipc *ipc, struct linux_ipc_mutex *mutex,
                                                    const char *reason) {
  if (!linux_ipc_word_is_mine(ipc, &mutex->word)) return -EPERM;
  linux_ipc_mutex_condemn(mutex, reason);
  return linux_ipc_mutex_release(ipc, mutex);
}

/* Gives the mutex back. After a recovery without linux_ipc_mutex_repaired it is unrecoverable from now on.
 * -EPERM this process does not hold it. */
static inline int32_t linux_ipc_mutex_unlock(const struct linux_ipc *ipc, struct linux_ipc_mutex *mutex) {
  if (mutex->state == LINUX_IPC_SUSPECT)
    return linux_ipc_mutex_unrecoverable(ipc, mutex, "its holder died and the next one did not repair");
  return linux_ipc_mutex_release(ipc, mutex);
}

#endif
