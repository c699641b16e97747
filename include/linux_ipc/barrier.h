/* barrier.h: processes wait for each other, phase by phase; the dead are not waited for.
 *
 *   0x000  eventcount      0x004  phase      0x008  members that must have joined before the first phase can end
 *   0x080  for each slot: generation of the member, 0 = none
 *   0x280  for each slot: the phase that follows the one it has arrived at (1 follows 2^31 - 1)
 *
 * A process is one member, whichever of its threads joins and arrives. Ending a phase is one compare-exchange of 64 bits,
 * of the phase and of the eventcount: who is killed behind it leaves nobody asleep for more than 50 ms.
 */
#ifndef LINUX_IPC_BARRIER_H
#define LINUX_IPC_BARRIER_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

struct linux_ipc_barrier {
  uint32_t eventcount;
  int32_t phase, parties;
  uint8_t padding[116];
  uint32_t members[LINUX_IPC_SLOTS];
  int32_t arrived[LINUX_IPC_SLOTS];
};
LINUX_IPC_ASSERT(offsetof(struct linux_ipc_barrier, members) == 0x80, "barrier layout");
LINUX_IPC_ASSERT(sizeof(struct linux_ipc_barrier) == 0x480, "barrier layout");

static inline int32_t linux_ipc_barrier_phase(struct linux_ipc_barrier *barrier) {
  return __atomic_load_n(&barrier->phase, __ATOMIC_SEQ_CST);
}

/* 0 is the phase that waits for the parties, and what stands for "arrived nowhere". */
static inline int32_t linux_ipc_barrier_after(int32_t phase) {
  return phase < 0 ? 1 : phase % INT32_MAX + 1;
}

/* The owner id of the living member in a slot, or 0. Who is dead is struck off. */
static inline uint32_t linux_ipc_barrier_member(const struct linux_ipc *ipc, struct linux_ipc_barrier *barrier, int slot) {
  uint32_t generation = linux_ipc_load(&barrier->members[slot]), owner = generation << 10 | (uint32_t)(slot + 1);
  if (generation == 0) return 0;
  if (!linux_ipc_is_dead(ipc, owner)) return owner;
  linux_ipc_exchange_if(&barrier->members[slot], &generation, 0);
  return 0;
}

struct linux_ipc_barrier_view {
  uint32_t members[LINUX_IPC_SLOTS]; /* the owner ids of the living ones, 0 = none */
  int32_t count, missing;
};

/* Who is a member, and who of them has not arrived at the phase; those go on the list, if there is one. Whether the phase
 * can end: the first one waits for the parties, alive; a barrier without members has nobody to let through. */
static inline int linux_ipc_barrier_look(const struct linux_ipc *ipc, struct linux_ipc_barrier *barrier, int32_t phase,
                                         struct linux_ipc_peers *peers, struct linux_ipc_barrier_view *look) {
  look->count = look->missing = 0;
  for (int slot = 0; slot < LINUX_IPC_SLOTS; slot++) {
    uint32_t owner = look->members[slot] = linux_ipc_barrier_member(ipc, barrier, slot);
    look->count += owner != 0;
    if (owner == 0) continue;
    if (__atomic_load_n(&barrier->arrived[slot], __ATOMIC_SEQ_CST) == linux_ipc_barrier_after(phase)) continue;
    if (peers) linux_ipc_peers_add(ipc, peers, owner);
    look->missing++;
  }
  return look->missing == 0 && look->count >= (phase > 0 ? 1 : barrier->parties);
}

/* Ends the phase if everybody is there; whether it is over. One who was counted may have left or died before the others
 * were looked at, and the first phase waits for its parties at one time: they are there if a second look finds the same. */
static inline int linux_ipc_barrier_end(const struct linux_ipc *ipc, struct linux_ipc_barrier *barrier, int32_t phase) {
  uint32_t found = (uint32_t)phase;
  struct linux_ipc_barrier_view look, again;
  if (linux_ipc_barrier_phase(barrier) != phase) return 1;
  if (!linux_ipc_barrier_look(ipc, barrier, phase, NULL, &look)) return 0;
  if (phase <= 0) {
    if (!linux_ipc_barrier_look(ipc, barrier, phase, NULL, &again)) return 0;
    if (memcmp(look.members, again.members, sizeof look.members) != 0) return 0;
  }
  linux_ipc_eventcount_change(&barrier->eventcount, &found, (uint32_t)linux_ipc_barrier_after(phase));
  return 1; /* by us, or by somebody who was faster */
}

static inline int linux_ipc_barrier_is_member(const struct linux_ipc *ipc, struct linux_ipc_barrier *barrier) {
  return linux_ipc_load(&barrier->members[ipc->index]) == ipc->owner >> 10;
}

/* Makes this process a member, from the current phase on. A member stays one. Two threads may do so at once: the later one
 * must not undo what the earlier one has arrived at. */
static inline void linux_ipc_barrier_join(struct linux_ipc *ipc, struct linux_ipc_barrier *barrier) {
  linux_ipc_futex_lock_lock(&ipc->shares_lock, -1);
  int joins = !linux_ipc_barrier_is_member(ipc, barrier);
  if (joins) {
    __atomic_store_n(&barrier->arrived[ipc->index], 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&barrier->members[ipc->index], ipc->owner >> 10, __ATOMIC_SEQ_CST);
  }
  linux_ipc_futex_lock_unlock(&ipc->shares_lock);
  if (joins) linux_ipc_eventcount_notify(&barrier->eventcount);
}

/* This process is a member no more; a phase that waited only for it ends. */
static inline void linux_ipc_barrier_leave(const struct linux_ipc *ipc, struct linux_ipc_barrier *barrier) {
  uint32_t generation = ipc->owner >> 10;
  linux_ipc_exchange_if(&barrier->members[ipc->index], &generation, 0);
  linux_ipc_barrier_end(ipc, barrier, linux_ipc_barrier_phase(barrier));
  linux_ipc_eventcount_notify(&barrier->eventcount);
}

static inline int32_t linux_ipc_barrier_attempt(struct linux_ipc_wait *wait) {
  struct linux_ipc_barrier *barrier = (struct linux_ipc_barrier *)wait->object;
  if (linux_ipc_barrier_end(wait->ipc, barrier, wait->number)) return linux_ipc_barrier_after(wait->number);
  return linux_ipc_barrier_is_member(wait->ipc, barrier) ? -EBUSY : -EPERM;
}

/* Whose arrival or death may end the phase. Parties that have not joined wake us when they do. */
static inline int linux_ipc_barrier_watch(struct linux_ipc_wait *wait, struct linux_ipc_peers *peers) {
  struct linux_ipc_barrier *barrier = (struct linux_ipc_barrier *)wait->object;
  struct linux_ipc_barrier_view look;
  return !linux_ipc_barrier_look(wait->ipc, barrier, wait->number, peers, &look);
}

/* Says that this process has arrived: the phase, or -EPERM. Another of its threads may be in a later phase meanwhile, which
 * must not be taken back: only the value that was there before the look at the phase is replaced. */
static inline int32_t linux_ipc_barrier_arrive_now(const struct linux_ipc *ipc, struct linux_ipc_barrier *barrier) {
  int32_t *arrived = &barrier->arrived[ipc->index], found = __atomic_load_n(arrived, __ATOMIC_SEQ_CST), phase;
  do {
    phase = linux_ipc_barrier_phase(barrier);
    if (!linux_ipc_barrier_is_member(ipc, barrier)) return -EPERM;
  } while (!__atomic_compare_exchange_n(arrived, &found, linux_ipc_barrier_after(phase), 0, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST));
  return phase;
}

/* Arrives, and waits until all other members have: the number of the phase, 1 or more. -ETIMEDOUT, and it has arrived all
 * the same: the phase may end without it, and another call in the same phase waits on; -EPERM this process is no member, or
 * left meanwhile. */
static inline int32_t linux_ipc_barrier_arrive(struct linux_ipc *ipc, struct linux_ipc_barrier *barrier,
                                               int64_t timeout_ns) {
  int64_t deadline = linux_ipc_deadline(timeout_ns);
  int32_t phase = linux_ipc_barrier_arrive_now(ipc, barrier);
  if (phase == -EPERM) return phase;
  struct linux_ipc_wait wait = {ipc,
                                barrier,
                                phase,
                                &barrier->eventcount,
                                linux_ipc_barrier_attempt,
                                linux_ipc_barrier_watch};
  return linux_ipc_wait_until(&wait, deadline);
}

#endif
