/* once.h: something that exactly one process does to its end; one that dies at it is replaced.
 *
 *   0x00  lock word of who is at it      0x04  1 = done      0x0c  eventcount
 */
#ifndef LINUX_IPC_ONCE_H
#define LINUX_IPC_ONCE_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

/* It is yours to do: do it, then linux_ipc_once_finish or linux_ipc_once_give_up. */
#define LINUX_IPC_YOURS 1

struct linux_ipc_once {
  uint32_t word;
  int32_t done;
  uint32_t unused, eventcount;
  uint8_t padding[112];
};
LINUX_IPC_ASSERT(sizeof(struct linux_ipc_once) == 128, "once layout");

/* Whether it has been done. What the initialiser wrote is visible to who is told so. */
static inline int linux_ipc_once_is_done(const struct linux_ipc_once *once) {
  return __atomic_load_n(&once->done, __ATOMIC_SEQ_CST) == 1;
}

/* 0 it has been done; LINUX_IPC_YOURS; -EBUSY another process is at it; -EDEADLK this one is. Never waits. */
static inline int32_t linux_ipc_once_try(const struct linux_ipc *ipc, struct linux_ipc_once *once) {
  uint32_t dead = 0;
  if (linux_ipc_once_is_done(once)) return 0;
  int32_t result = linux_ipc_word_try(ipc, &once->word, &dead);
  if (result < 0) return result;
  if (!linux_ipc_once_is_done(once)) return LINUX_IPC_YOURS; /* a dead one's work begins anew */
  linux_ipc_word_release(ipc, &once->word, &once->eventcount);
  return 0;
}

static inline int32_t linux_ipc_once_attempt(struct linux_ipc_wait *wait) {
  return linux_ipc_once_try(wait->ipc, (struct linux_ipc_once *)wait->object);
}

static inline int linux_ipc_once_watch(struct linux_ipc_wait *wait, struct linux_ipc_peers *peers) {
  return linux_ipc_word_watch(wait->ipc, &((struct linux_ipc_once *)wait->object)->word, peers);
}

/* As linux_ipc_once_try, waiting for another process that is at it: -ETIMEDOUT in place of -EBUSY. */
static inline int32_t linux_ipc_once_begin(struct linux_ipc *ipc, struct linux_ipc_once *once, int64_t timeout_ns) {
  struct linux_ipc_wait wait = {ipc, once, 0, &once->eventcount, linux_ipc_once_attempt, linux_ipc_once_watch};
  return linux_ipc_wait_until(&wait, linux_ipc_deadline(timeout_ns));
}

/* It is done, and never done again. -EPERM it was not this process's to do. */
static inline int32_t linux_ipc_once_finish(const struct linux_ipc *ipc, struct linux_ipc_once *once) {
  if (!linux_ipc_word_is_mine(ipc, &once->word)) return -EPERM;
  __atomic_store_n(&once->done, 1, __ATOMIC_SEQ_CST);
  return linux_ipc_word_release(ipc, &once->word, &once->eventcount);
}

/* It could not be done: the next one does it. -EPERM it was not this process's to do. */
static inline int32_t linux_ipc_once_give_up(const struct linux_ipc *ipc, struct linux_ipc_once *once) {
  return linux_ipc_word_release(ipc, &once->word, &once->eventcount);
}

/* Calls `initialise` unless it has been done, waiting for another process that is at it. LINUX_IPC_YOURS it ran here; 0;
 * -ETIMEDOUT; -EDEADLK. An `initialise` that answers less than 0 has failed: that is the answer, and the next one does it. */
static inline int32_t linux_ipc_once_run(struct linux_ipc *ipc, struct linux_ipc_once *once,
                                         int32_t (*initialise)(void *argument), void *argument, int64_t timeout_ns) {
  int32_t result = linux_ipc_once_begin(ipc, once, timeout_ns);
  if (result != LINUX_IPC_YOURS) return result;
  int32_t outcome = initialise(argument);
  if (outcome < 0) linux_ipc_once_give_up(ipc, once);
  else linux_ipc_once_finish(ipc, once);
  return outcome < 0 ? outcome : LINUX_IPC_YOURS;
}

#endif
