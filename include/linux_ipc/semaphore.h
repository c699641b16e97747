/* semaphore.h: a counting semaphore.
 *
 *   0x00  eventcount      0x04  value      0x08  number of owned permits, which this header does not serve; 0 = counting
 */
#ifndef LINUX_IPC_SEMAPHORE_H
#define LINUX_IPC_SEMAPHORE_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

struct linux_ipc_semaphore {
  uint32_t eventcount;
  int32_t value;
  int32_t owned;
  uint8_t padding[116];
};
LINUX_IPC_ASSERT(sizeof(struct linux_ipc_semaphore) == 128, "semaphore layout");

/* Gives a permit. -EOVERFLOW; -ENOTSUP its permits are owned. */
static inline int32_t linux_ipc_semaphore_release(struct linux_ipc_semaphore *semaphore) {
  if (semaphore->owned != 0) return -ENOTSUP;
  uint32_t value = (uint32_t)__atomic_load_n(&semaphore->value, __ATOMIC_SEQ_CST);
  do
    if (value == INT32_MAX) return -EOVERFLOW;
  while (!linux_ipc_eventcount_change(&semaphore->eventcount, &value, value + 1));
  return 0;
}

/* Takes a permit, if there is one. 0; -EAGAIN; -ENOTSUP its permits are owned. */
static inline int32_t linux_ipc_semaphore_try(struct linux_ipc_semaphore *semaphore) {
  if (semaphore->owned != 0) return -ENOTSUP;
  int32_t value = __atomic_load_n(&semaphore->value, __ATOMIC_SEQ_CST);
  do
    if (value <= 0) return -EAGAIN;
  while (!__atomic_compare_exchange_n(&semaphore->value, &value, value - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  return 0;
}

/* Takes a permit, waiting for it. 0; -ETIMEDOUT; -ENOTSUP. */
static inline int32_t linux_ipc_semaphore_acquire(struct linux_ipc_semaphore *semaphore, int64_t timeout_ns) {
  int64_t deadline = linux_ipc_deadline(timeout_ns);
  for (;;) {
    int32_t result = linux_ipc_semaphore_try(semaphore);
    if (result != -EAGAIN) return result;
    uint32_t key = linux_ipc_eventcount_prepare(&semaphore->eventcount);
    result = linux_ipc_semaphore_try(semaphore);
    if (result != -EAGAIN) return result;
    if (deadline >= 0 && linux_ipc_now() >= deadline) return -ETIMEDOUT;
    linux_ipc_eventcount_wait(&semaphore->eventcount, key, deadline);
  }
}

#endif
