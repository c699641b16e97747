/* event.h: a flag that processes wait for: a gate that stays open until it is reset, or a turnstile that resets itself.
 *
 *   0x00  eventcount      0x04  1 = set      0x08  1 = resets itself: a `set` lets one waiter through
 *
 * Sets are not counted: several of them before anybody has passed let one through.
 *
 * Nobody owns it: a killed process leaves it as it was. Setting it is one compare-exchange of 64 bits, of the flag and of
 * the eventcount: who is killed behind it leaves nobody asleep for more than 100 ms.
 */
#ifndef LINUX_IPC_EVENT_H
#define LINUX_IPC_EVENT_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

struct linux_ipc_event {
  uint32_t eventcount;
  int32_t is_set, resets;
  uint8_t padding[116];
};
LINUX_IPC_ASSERT(sizeof(struct linux_ipc_event) == 128, "event layout");

/* Sets it and wakes those who wait. */
static inline void linux_ipc_event_set(struct linux_ipc_event *event) {
  uint32_t was = 0;
  while (!linux_ipc_eventcount_change(&event->eventcount, &was, 1))
    ;
}

/* Makes it not set. */
static inline void linux_ipc_event_reset(struct linux_ipc_event *event) {
  __atomic_store_n(&event->is_set, 0, __ATOMIC_SEQ_CST);
}

/* 0: it was set (and is not any more, if it resets itself); -EAGAIN. */
static inline int32_t linux_ipc_event_try(struct linux_ipc_event *event) {
  int32_t one = 1;
  if (event->resets != 1) return __atomic_load_n(&event->is_set, __ATOMIC_SEQ_CST) == 1 ? 0 : -EAGAIN;
  int taken = __atomic_compare_exchange_n(&event->is_set, &one, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  return taken ? 0 : -EAGAIN;
}

/* Waits until it is set. 0; -ETIMEDOUT. */
static inline int32_t linux_ipc_event_wait(struct linux_ipc_event *event, int64_t timeout_ns) {
  int64_t deadline = linux_ipc_deadline(timeout_ns);
  while (linux_ipc_event_try(event) < 0) {
    uint32_t key = linux_ipc_eventcount_prepare(&event->eventcount);
    if (linux_ipc_event_try(event) == 0) return 0;
    if (deadline >= 0 && linux_ipc_now() >= deadline) return -ETIMEDOUT;
    linux_ipc_eventcount_wait(&event->eventcount, key, deadline);
  }
  return 0;
}

#endif
