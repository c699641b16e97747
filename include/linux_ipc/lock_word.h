/* lock_word.h: who holds a lock, so that a dead holder is found and replaced; the start of Mutex, RwLock and Once.
 *
 *   word   owner id: generation (21 bits) << 10 | slot + 1; 0 = free           beside it: the eventcount of who waits
 *
 * The owner id appears in the word by one compare-exchange, so that no kill leaves a lock that nobody owns and nobody can
 * take. Nobody but its owner changes a word that names the living. All sleepers are woken when it is given back; who is
 * killed between the two is found by them, who watch over the owner that they saw when they had announced themselves.
 */
#ifndef LINUX_IPC_LOCK_WORD_H
#define LINUX_IPC_LOCK_WORD_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

/* Locked, but the holder before died in possession: what the lock protects may be half changed. */
#define LINUX_IPC_RECOVERED 1

/* Takes the word if it is free, or its owner dead. 0; LINUX_IPC_RECOVERED, and who died in *dead; -EBUSY; -EDEADLK this
 * participant has it. */
static inline int32_t linux_ipc_word_try(const struct linux_ipc *ipc, uint32_t *word, uint32_t *dead) {
  uint32_t found = 0;
  if (linux_ipc_exchange_if(word, &found, ipc->owner)) return 0;
  uint32_t owner = found & LINUX_IPC_OWNER_MASK;
  if (owner == ipc->owner) return -EDEADLK;
  if (owner != 0 && !linux_ipc_is_dead(ipc, owner)) return -EBUSY;
  if (!linux_ipc_exchange_if(word, &found, ipc->owner)) return -EBUSY;
  *dead = owner;
  return owner == 0 ? 0 : LINUX_IPC_RECOVERED;
}

static inline int linux_ipc_word_is_mine(const struct linux_ipc *ipc, const uint32_t *word) {
  return (linux_ipc_load(word) & LINUX_IPC_OWNER_MASK) == ipc->owner;
}

/* Gives the word back. -EPERM this participant does not have it. */
static inline int32_t linux_ipc_word_release(const struct linux_ipc *ipc, uint32_t *word, uint32_t *eventcount) {
  if (linux_ipc_load(word) != ipc->owner) return -EPERM;
  __atomic_store_n(word, 0, __ATOMIC_SEQ_CST); /* and then the look whether somebody sleeps */
  linux_ipc_eventcount_notify(eventcount);
  return 0;
}

/* The owner of this instant goes on the list: it wakes us, or its death does. Whether there is one. */
static inline int linux_ipc_word_watch(const struct linux_ipc *ipc, const uint32_t *word, struct linux_ipc_peers *peers) {
  uint32_t owner = linux_ipc_load(word) & LINUX_IPC_OWNER_MASK;
  linux_ipc_peers_add(ipc, peers, owner);
  return owner != 0;
}

#endif
