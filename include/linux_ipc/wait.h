/* wait.h: how a call waits for others to do something or to die; what is behind every blocking function of an object. */
#ifndef LINUX_IPC_WAIT_H
#define LINUX_IPC_WAIT_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

#define LINUX_IPC_LOOKS 100 /* before a sleep: some microseconds */
/* So often, in ns, who waits asks the locks of the living, too: a kernel marks the dead up to the first word of a robust list
 * that it cannot reach, which may be that of another file, cut short by somebody. */
#define LINUX_IPC_ASK_EVERY 250000000

struct linux_ipc_wait {
  struct linux_ipc *ipc;
  void *object;
  int32_t number; /* for its object's functions */
  uint32_t *eventcount;
  /* What is waited for; -EBUSY: not yet. */
  int32_t (*attempt)(struct linux_ipc_wait *wait);
  /* Asked behind the announcement: whose doing or death may end the wait, of which the deaths go on the list. 0: nobody
   * is in the way, so that there is nothing to sleep on. */
  int (*watch)(struct linux_ipc_wait *wait, struct linux_ipc_peers *peers);
};

/* What `attempt` answers when it is not -EBUSY; -ETIMEDOUT from the instant on (-1 = never). Who leaves between the list
 * and the last look is found by that look; who is killed behind it, before it wakes anybody, is on the list. */
static inline int32_t linux_ipc_wait_until(struct linux_ipc_wait *wait, int64_t deadline) {
  for (int64_t asked = 0;;) {
    for (int looks = 0; looks < LINUX_IPC_LOOKS; looks++) {
      int32_t result = wait->attempt(wait);
      if (result != -EBUSY) return result;
      linux_ipc_pause();
    }
    struct linux_ipc_peers peers;
    peers.count = 0;
    uint32_t key = linux_ipc_eventcount_prepare(wait->eventcount);
    int is_blocked = wait->watch(wait, &peers);
    int32_t result = wait->attempt(wait);
    if (result != -EBUSY) return result;
    if (deadline >= 0 && linux_ipc_now() >= deadline) return -ETIMEDOUT;
    if (is_blocked) linux_ipc_sleep_with(wait->eventcount, key, &peers, deadline);
    int64_t now = linux_ipc_now();
    if (asked != 0 && peers.count > 0 && now - asked >= LINUX_IPC_ASK_EVERY) linux_ipc_bury_dead(wait->ipc);
    if (asked == 0 || now - asked >= LINUX_IPC_ASK_EVERY) asked = now;
  }
}

/* For what nobody owns: no death is told. Who notifies may be killed before it wakes, and so the sleep comes up. */
static inline int linux_ipc_watch_nobody(struct linux_ipc_wait *wait, struct linux_ipc_peers *peers) {
  (void)wait, (void)peers;
  return 1;
}

#endif
