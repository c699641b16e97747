/* semaphore.h: a number of permits; counted, or each owned by who took it.
 *
 *   0x00  eventcount      0x04  value, when counted      0x08  number of owned permits; 0 = counted
 *   0x80  for each owned permit: the owner id of who has it; 0 = free
 *
 * A counted permit belongs to nobody: a killed process's is gone, and anybody may release. An owned one comes back when
 * its owner dies. Counting up is one compare-exchange of 64 bits, of the value and of the eventcount: who is killed behind
 * it leaves nobody asleep for more than 100 ms.
 */
#ifndef LINUX_IPC_SEMAPHORE_H
#define LINUX_IPC_SEMAPHORE_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

#define LINUX_IPC_OWNED_MOST 1024

struct linux_ipc_semaphore {
  uint32_t eventcount;
  int32_t value;
  int32_t owned;
  uint8_t padding[116];
};
LINUX_IPC_ASSERT(sizeof(struct linux_ipc_semaphore) == 128, "semaphore layout");

static inline uint32_t *linux_ipc_semaphore_permits(struct linux_ipc_semaphore *semaphore) {
  return (uint32_t *)(void *)(semaphore + 1);
}

/* Owned permits that are there: never beyond the end of the memory. 0: it counts. */
static inline int linux_ipc_semaphore_owned(const struct linux_ipc *ipc, struct linux_ipc_semaphore *semaphore) {
  int64_t room = (ipc->bytes + ipc->size - (const uint8_t *)linux_ipc_semaphore_permits(semaphore)) / 4;
  int64_t owned = semaphore->owned < LINUX_IPC_OWNED_MOST ? semaphore->owned : LINUX_IPC_OWNED_MOST;
  return (int)(owned < room ? owned : room);
}

/* Whether a permit with this in its word can be taken. */
static inline int linux_ipc_semaphore_is_free(const struct linux_ipc *ipc, uint32_t owner) {
  return owner == 0 || (owner != ipc->owner && linux_ipc_is_dead(ipc, owner));
}

static inline int32_t linux_ipc_semaphore_try_owned(const struct linux_ipc *ipc, uint32_t *permits, int owned) {
  for (int permit = 0; permit < owned; permit++) {
    uint32_t found = linux_ipc_load(&permits[permit]);
    if (linux_ipc_semaphore_is_free(ipc, found) && linux_ipc_exchange_if(&permits[permit], &found, ipc->owner)) return 0;
  }
  return -EAGAIN;
}

static inline int32_t linux_ipc_semaphore_try_counted(struct linux_ipc_semaphore *semaphore) {
  int32_t value = __atomic_load_n(&semaphore->value, __ATOMIC_SEQ_CST);
  do
    if (value <= 0) return -EAGAIN;
  while (!__atomic_compare_exchange_n(&semaphore->value, &value, value - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  return 0;
}

/* Takes a permit, if there is one: 0; -EAGAIN. This process may have several. */
static inline int32_t linux_ipc_semaphore_try(const struct linux_ipc *ipc, struct linux_ipc_semaphore *semaphore) {
  int owned = linux_ipc_semaphore_owned(ipc, semaphore);
  if (owned <= 0) return linux_ipc_semaphore_try_counted(semaphore);
  return linux_ipc_semaphore_try_owned(ipc, linux_ipc_semaphore_permits(semaphore), owned);
}

static inline int32_t linux_ipc_semaphore_attempt(struct linux_ipc_wait *wait) {
  int32_t result = linux_ipc_semaphore_try(wait->ipc, (struct linux_ipc_semaphore *)wait->object);
  return result == -EAGAIN ? -EBUSY : result;
}

/* Everybody else who has an owned permit: any of them may give it back, or die. */
static inline int linux_ipc_semaphore_watch(struct linux_ipc_wait *wait, struct linux_ipc_peers *peers) {
  struct linux_ipc_semaphore *semaphore = (struct linux_ipc_semaphore *)wait->object;
  uint32_t *permits = linux_ipc_semaphore_permits(semaphore);
  int owned = linux_ipc_semaphore_owned(wait->ipc, semaphore);
  for (int permit = 0; permit < owned; permit++) {
    uint32_t owner = linux_ipc_load(&permits[permit]);
    if (linux_ipc_semaphore_is_free(wait->ipc, owner)) return 0;
    linux_ipc_peers_add(wait->ipc, peers, owner);
  }
  return 1;
}

/* Takes a permit, waiting for it. 0; -ETIMEDOUT. */
static inline int32_t linux_ipc_semaphore_acquire(struct linux_ipc *ipc, struct linux_ipc_semaphore *semaphore,
                                                  int64_t timeout_ns) {
  struct linux_ipc_wait wait = {ipc,
                                semaphore,
                                0,
                                &semaphore->eventcount,
                                linux_ipc_semaphore_attempt,
                                linux_ipc_semaphore_watch};
  return linux_ipc_wait_until(&wait, linux_ipc_deadline(timeout_ns));
}

/* A kill before the wake-up is told as the death of the permits' owner. */
static inline int32_t linux_ipc_semaphore_release_owned(const struct linux_ipc *ipc,
                                                        struct linux_ipc_semaphore *semaphore, int owned,
                                                        int32_t count) {
  uint32_t *permits = linux_ipc_semaphore_permits(semaphore);
  int32_t mine = 0;
  for (int permit = 0; permit < owned; permit++) mine += linux_ipc_load(&permits[permit]) == ipc->owner;
  if (mine < count) return -EPERM;
  for (int permit = 0; permit < owned && count > 0; permit++) {
    uint32_t owner = ipc->owner;
    count -= linux_ipc_exchange_if(&permits[permit], &owner, 0);
  }
  linux_ipc_eventcount_notify(&semaphore->eventcount);
  return 0;
}

static inline int32_t linux_ipc_semaphore_release_counted(struct linux_ipc_semaphore *semaphore, int32_t count) {
  uint32_t value = (uint32_t)__atomic_load_n(&semaphore->value, __ATOMIC_SEQ_CST);
  do
    if ((int32_t)value > INT32_MAX - count) return -EOVERFLOW;
  while (!linux_ipc_eventcount_change(&semaphore->eventcount, &value, value + (uint32_t)count));
  return 0;
}

/* Gives `count` permits and wakes who waits. 0; -EINVAL less than 1; -EOVERFLOW more than 2^31 - 1 counted ones; -EPERM
 * this process has not taken so many owned ones. */
static inline int32_t linux_ipc_semaphore_release(const struct linux_ipc *ipc, struct linux_ipc_semaphore *semaphore,
                                                  int32_t count) {
  int owned = linux_ipc_semaphore_owned(ipc, semaphore);
  if (count < 1) return -EINVAL;
  if (owned > 0) return linux_ipc_semaphore_release_owned(ipc, semaphore, owned, count);
  return linux_ipc_semaphore_release_counted(semaphore, count);
}

#endif
