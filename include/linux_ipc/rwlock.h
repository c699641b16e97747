/* rwlock.h: many readers or one writer; a reader that dies stops counting, a writer that dies leaves it to be repaired.
 *
 *   0x000  the writer's lock word, state, process id of the last dead writer, eventcount, reason: as of a Mutex
 *   0x080  eventcount of writers that wait for readers to leave (the drain)      0x084  1 = prefers readers
 *   0x088  1 = a writer is in, and not only waiting for readers to leave; changed by who has the writer's word
 *   0x100  for each slot: generation of a reader, 0 = not reading
 *
 * A reader stores its word, then loads the writer's; a writer takes its word, then loads the readers'. With writers
 * preferred (as it is made unless said) a writer takes its word first and waits for readers to leave: newcomers wait behind
 * it, also those of a process that reads already. With readers preferred it takes its word when nobody reads.
 *
 * A process is one reader, however many of its threads read: how many is counted in `struct linux_ipc`.
 */
#ifndef LINUX_IPC_RWLOCK_H
#define LINUX_IPC_RWLOCK_H
#ifndef LINUX_IPC_H
#error "include linux_ipc.h, of which this is a part"
#endif

struct linux_ipc_rwlock {
  struct linux_ipc_mutex writer;
  uint32_t drain;
  int32_t prefers_readers, entered;
  uint8_t padding[116];
  uint32_t readers[LINUX_IPC_SLOTS];
};
LINUX_IPC_ASSERT(offsetof(struct linux_ipc_rwlock, readers) == 0x100, "rwlock layout");
LINUX_IPC_ASSERT(sizeof(struct linux_ipc_rwlock) == 0x300, "rwlock layout");

/* -- readers ---------------------------------------------------------------------------------------------------- */

/* Where this process counts who of it reads; with `ipc->shares_lock` held. NULL: 64 locks are being read already. */
static inline struct linux_ipc_share *linux_ipc_rwlock_share(struct linux_ipc *ipc, const struct linux_ipc_rwlock *lock) {
  struct linux_ipc_share *unused = NULL;
  for (int index = 0; index < LINUX_IPC_SHARES; index++) {
    struct linux_ipc_share *share = &ipc->shares[index];
    if (share->count > 0 && share->object == lock) return share;
    if (share->count == 0 && unused == NULL) unused = share;
  }
  if (unused) unused->object = lock;
  return unused;
}

/* Readers of this process; with `ipc->shares_lock` held. */
static inline int32_t linux_ipc_rwlock_counted(struct linux_ipc *ipc, const struct linux_ipc_rwlock *lock) {
  const struct linux_ipc_share *share = linux_ipc_rwlock_share(ipc, lock);
  return share ? share->count : 0;
}

/* Readers of this process. */
static inline int32_t linux_ipc_rwlock_ours(struct linux_ipc *ipc, const struct linux_ipc_rwlock *lock) {
  linux_ipc_futex_lock_lock(&ipc->shares_lock, -1);
  int32_t count = linux_ipc_rwlock_counted(ipc, lock);
  linux_ipc_futex_lock_unlock(&ipc->shares_lock);
  return count;
}

/* One reader of this process less; the last one takes its word back. With `ipc->shares_lock` held. */
static inline void linux_ipc_rwlock_subtract(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock,
                                             struct linux_ipc_share *share) {
  uint32_t generation = ipc->owner >> 10;
  if (--share->count == 0) linux_ipc_exchange_if(&lock->readers[ipc->index], &generation, 0);
}

/* The owner id of a reader that lives and is not this process, or 0. Words of dead ones are cleared. */
static inline uint32_t linux_ipc_rwlock_reader(const struct linux_ipc *ipc, struct linux_ipc_rwlock *lock, int slot) {
  uint32_t generation = linux_ipc_load(&lock->readers[slot]), owner = generation << 10 | (uint32_t)(slot + 1);
  if (generation == 0 || slot == ipc->index) return 0;
  if (!linux_ipc_is_dead(ipc, owner)) return owner;
  linux_ipc_exchange_if(&lock->readers[slot], &generation, 0);
  return 0;
}

/* Whether nobody else reads; who does goes on the list, if there is one. */
static inline int linux_ipc_rwlock_is_left(const struct linux_ipc *ipc, struct linux_ipc_rwlock *lock,
                                           struct linux_ipc_peers *peers) {
  int others = 0;
  for (int slot = 0; slot < LINUX_IPC_SLOTS; slot++) {
    uint32_t owner = linux_ipc_rwlock_reader(ipc, lock, slot);
    if (owner != 0 && peers) linux_ipc_peers_add(ipc, peers, owner);
    others += owner != 0;
  }
  return others == 0;
}

/* -- the writer's word ------------------------------------------------------------------------------------------ */

/* As linux_ipc_word_try. A writer that died while it waited for readers to leave had not been in: no recovery. */
static inline int32_t linux_ipc_rwlock_take(const struct linux_ipc *ipc, struct linux_ipc_rwlock *lock, uint32_t *dead) {
  int32_t result = linux_ipc_word_try(ipc, &lock->writer.word, dead);
  return result == LINUX_IPC_RECOVERED && lock->entered != 1 ? 0 : result;
}

static inline void linux_ipc_rwlock_set_entered(struct linux_ipc_rwlock *lock, int32_t entered) {
  __atomic_store_n(&lock->entered, entered, __ATOMIC_SEQ_CST);
}

static inline int32_t linux_ipc_rwlock_release(const struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  int32_t result = linux_ipc_mutex_release(ipc, &lock->writer);
  linux_ipc_eventcount_notify(&lock->drain); /* a writer sleeps there where readers are preferred */
  return result;
}

/* Gives the word back without having been in; a death that it told of is told to the next. */
static inline void linux_ipc_rwlock_give_up(const struct linux_ipc *ipc, struct linux_ipc_rwlock *lock, int32_t result,
                                            uint32_t dead) {
  if (result == LINUX_IPC_RECOVERED) linux_ipc_mutex_judge(ipc, &lock->writer, result, dead);
  linux_ipc_rwlock_set_entered(lock, 0);
  linux_ipc_rwlock_release(ipc, lock);
}

/* Alone, with the word. 0; LINUX_IPC_RECOVERED; -ENOTRECOVERABLE, and it has been given back. */
static inline int32_t linux_ipc_rwlock_enter(const struct linux_ipc *ipc, struct linux_ipc_rwlock *lock, int32_t result,
                                             uint32_t dead) {
  result = linux_ipc_mutex_judge(ipc, &lock->writer, result, dead);
  if (result < 0) linux_ipc_rwlock_release(ipc, lock);
  else linux_ipc_rwlock_set_entered(lock, 1);
  return result;
}

/* This process is the writer, or the reader that has the lock alone to repair it. */
static inline int linux_ipc_rwlock_is_in(const struct linux_ipc *ipc, const struct linux_ipc_rwlock *lock) {
  return linux_ipc_word_is_mine(ipc, &lock->writer.word) && __atomic_load_n(&lock->entered, __ATOMIC_SEQ_CST) == 1;
}

/* -- reading ---------------------------------------------------------------------------------------------------- */

/* The first reader of this process: announces it, and looks once more. Taken back, a writer may have seen it. */
static inline int32_t linux_ipc_rwlock_announce(const struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  uint32_t generation = ipc->owner >> 10;
  if (linux_ipc_load(&lock->writer.word) != 0) return -EBUSY;
  __atomic_store_n(&lock->readers[ipc->index], generation, __ATOMIC_SEQ_CST);
  if (linux_ipc_load(&lock->writer.word) == 0 &&
      __atomic_load_n(&lock->writer.state, __ATOMIC_SEQ_CST) == LINUX_IPC_SOUND)
    return 0;
  linux_ipc_exchange_if(&lock->readers[ipc->index], &generation, 0);
  linux_ipc_eventcount_notify(&lock->drain);
  return -EBUSY;
}

/* One reader of this process more, if no writer is in the way: 0; -EBUSY; -ENOLCK. With `ipc->shares_lock` held. */
static inline int32_t linux_ipc_rwlock_count(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  int32_t result = -ENOLCK;
  struct linux_ipc_share *share = linux_ipc_rwlock_share(ipc, lock);
  if (share && share->count == 0) result = linux_ipc_rwlock_announce(ipc, lock);
  else if (share) result = lock->prefers_readers == 1 || linux_ipc_load(&lock->writer.word) == 0 ? 0 : -EBUSY;
  if (result == 0) share->count++;
  return result;
}

/* As linux_ipc_rwlock_try_read. With `ipc->shares_lock` held: the word is ours for an instant, to see what there is to
 * repair, and no other thread of ours shall take that for a writer. */
static inline int32_t linux_ipc_rwlock_count_or_enter(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  for (;;) {
    uint32_t dead = 0;
    int32_t result = linux_ipc_rwlock_count(ipc, lock);
    if (result != -EBUSY) return result;
    result = linux_ipc_rwlock_take(ipc, lock, &dead); /* the writer lives, is dead, or has just left */
    if (result < 0) return result;
    if (result != 0 || lock->writer.state != LINUX_IPC_SOUND) return linux_ipc_rwlock_enter(ipc, lock, result, dead);
    linux_ipc_rwlock_release(ipc, lock); /* nothing to repair: look again as a reader */
  }
}

/* Takes the lock for reading, if no writer has it or, where writers are preferred, waits for it. 0; LINUX_IPC_RECOVERED:
 * the writer before died in possession, and this reader has the lock alone: put right what lock->writer.dead_pid left half
 * done, then linux_ipc_rwlock_repaired; -EBUSY; -EDEADLK this process writes, or waits to; -ENOTRECOVERABLE, see
 * lock->writer.reason; -ENOLCK this process reads LINUX_IPC_SHARES locks already. */
static inline int32_t linux_ipc_rwlock_try_read(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  linux_ipc_futex_lock_lock(&ipc->shares_lock, -1);
  int32_t result = linux_ipc_rwlock_count_or_enter(ipc, lock);
  linux_ipc_futex_lock_unlock(&ipc->shares_lock);
  return result;
}

static inline int32_t linux_ipc_rwlock_attempt_read(struct linux_ipc_wait *wait) {
  return linux_ipc_rwlock_try_read(wait->ipc, (struct linux_ipc_rwlock *)wait->object);
}

static inline int linux_ipc_rwlock_watch_writer(struct linux_ipc_wait *wait, struct linux_ipc_peers *peers) {
  return linux_ipc_word_watch(wait->ipc, &((struct linux_ipc_rwlock *)wait->object)->writer.word, peers);
}

/* Takes the lock for reading, waiting for it. As linux_ipc_rwlock_try_read, and -ETIMEDOUT in place of -EBUSY. A thread
 * that reads and reads again behind a waiting writer, which waits for it, waits until one of the two gives up. */
static inline int32_t linux_ipc_rwlock_read(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock, int64_t timeout_ns) {
  struct linux_ipc_wait wait = {ipc,
                                lock,
                                0,
                                &lock->writer.eventcount,
                                linux_ipc_rwlock_attempt_read,
                                linux_ipc_rwlock_watch_writer};
  return linux_ipc_wait_until(&wait, linux_ipc_deadline(timeout_ns));
}

/* -- writing ---------------------------------------------------------------------------------------------------- */

/* Whether nobody reads; with `ipc->shares_lock` held. */
static inline int linux_ipc_rwlock_is_drained(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  return linux_ipc_rwlock_counted(ipc, lock) == 0 && linux_ipc_rwlock_is_left(ipc, lock, NULL);
}

/* Looks before it takes the word: taking and giving it back would wake those who wait for the readers to leave. With
 * `ipc->shares_lock` held, as linux_ipc_rwlock_count_or_enter. */
static inline int32_t linux_ipc_rwlock_enter_alone(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  uint32_t dead = 0;
  if (!linux_ipc_rwlock_is_drained(ipc, lock)) return -EBUSY;
  int32_t result = linux_ipc_rwlock_take(ipc, lock, &dead);
  if (result < 0) return -EBUSY;
  if (linux_ipc_rwlock_is_drained(ipc, lock)) return linux_ipc_rwlock_enter(ipc, lock, result, dead);
  linux_ipc_rwlock_give_up(ipc, lock, result, dead);
  return -EBUSY;
}

static inline int32_t linux_ipc_rwlock_try_alone(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  linux_ipc_futex_lock_lock(&ipc->shares_lock, -1);
  int32_t result = linux_ipc_rwlock_enter_alone(ipc, lock);
  linux_ipc_futex_lock_unlock(&ipc->shares_lock);
  return result;
}

static inline int linux_ipc_rwlock_has(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  linux_ipc_futex_lock_lock(&ipc->shares_lock, -1);
  int has = linux_ipc_word_is_mine(ipc, &lock->writer.word) || linux_ipc_rwlock_counted(ipc, lock) > 0;
  linux_ipc_futex_lock_unlock(&ipc->shares_lock);
  return has;
}

/* Takes the lock for writing, if nobody has it. 0; LINUX_IPC_RECOVERED, as linux_ipc_rwlock_try_read; -EBUSY; -EDEADLK this
 * process has it already; -ENOTRECOVERABLE. */
static inline int32_t linux_ipc_rwlock_try_write(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  return linux_ipc_rwlock_has(ipc, lock) ? -EDEADLK : linux_ipc_rwlock_try_alone(ipc, lock);
}

static inline int32_t linux_ipc_rwlock_attempt_alone(struct linux_ipc_wait *wait) {
  return linux_ipc_rwlock_try_alone(wait->ipc, (struct linux_ipc_rwlock *)wait->object);
}

/* Where readers are preferred: the readers, and a living writer. A dead one's word is taken when the readers have left. */
static inline int linux_ipc_rwlock_watch_all(struct linux_ipc_wait *wait, struct linux_ipc_peers *peers) {
  struct linux_ipc_rwlock *lock = (struct linux_ipc_rwlock *)wait->object;
  uint32_t writer = linux_ipc_load(&lock->writer.word) & LINUX_IPC_OWNER_MASK;
  int has_writer = writer != 0 && !linux_ipc_is_dead(wait->ipc, writer);
  if (has_writer) linux_ipc_peers_add(wait->ipc, peers, writer);
  int is_left = linux_ipc_rwlock_is_left(wait->ipc, lock, peers);
  return !is_left || has_writer || linux_ipc_rwlock_ours(wait->ipc, lock) > 0;
}

/* The word, and a death that it told of in wait->number: 0 or LINUX_IPC_RECOVERED; -EBUSY. */
static inline int32_t linux_ipc_rwlock_attempt_word(struct linux_ipc_wait *wait) {
  int32_t result = linux_ipc_rwlock_take(wait->ipc, (struct linux_ipc_rwlock *)wait->object, (uint32_t *)&wait->number);
  return result == -EDEADLK ? -EBUSY : result; /* another thread of ours waits to write */
}

/* With the word: `wait->number` readers of this process do not count. An upgrade leaves at the look that finds it alone. */
static inline int32_t linux_ipc_rwlock_attempt_drain(struct linux_ipc_wait *wait) {
  struct linux_ipc *ipc = wait->ipc;
  struct linux_ipc_rwlock *lock = (struct linux_ipc_rwlock *)wait->object;
  linux_ipc_futex_lock_lock(&ipc->shares_lock, -1);
  struct linux_ipc_share *share = linux_ipc_rwlock_share(ipc, lock);
  int32_t ours = share ? share->count : 0;
  int is_drained = ours <= wait->number && linux_ipc_rwlock_is_left(ipc, lock, NULL);
  if (is_drained && ours > 0) linux_ipc_rwlock_subtract(ipc, lock, share);
  linux_ipc_futex_lock_unlock(&ipc->shares_lock);
  return is_drained ? 0 : -EBUSY;
}

/* Readers that are in the way of who has the word. */
static inline int linux_ipc_rwlock_watch_readers(struct linux_ipc_wait *wait, struct linux_ipc_peers *peers) {
  struct linux_ipc_rwlock *lock = (struct linux_ipc_rwlock *)wait->object;
  int is_left = linux_ipc_rwlock_is_left(wait->ipc, lock, peers);
  return !is_left || linux_ipc_rwlock_ours(wait->ipc, lock) > wait->number;
}

/* With the word: waits for readers to leave, but for `own`, and is in. `result` and `dead` as linux_ipc_rwlock_take gave
 * them. */
static inline int32_t linux_ipc_rwlock_drain(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock, int32_t own,
                                             int32_t result, uint32_t dead, int64_t deadline) {
  struct linux_ipc_wait wait = {ipc,
                                lock,
                                own,
                                &lock->drain,
                                linux_ipc_rwlock_attempt_drain,
                                linux_ipc_rwlock_watch_readers};
  int32_t drained = linux_ipc_wait_until(&wait, deadline);
  if (drained == 0) return linux_ipc_rwlock_enter(ipc, lock, result, dead);
  linux_ipc_rwlock_give_up(ipc, lock, result, dead);
  return drained;
}

/* Takes the lock for writing, waiting for it. As linux_ipc_rwlock_try_write, and -ETIMEDOUT in place of -EBUSY; nothing is
 * taken then, and a death that it would have told of is told to the next. */
static inline int32_t linux_ipc_rwlock_write(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock, int64_t timeout_ns) {
  int64_t deadline = linux_ipc_deadline(timeout_ns);
  if (linux_ipc_rwlock_has(ipc, lock)) return -EDEADLK;
  struct linux_ipc_wait wait = {ipc, lock, 0, &lock->drain, linux_ipc_rwlock_attempt_alone, linux_ipc_rwlock_watch_all};
  if (lock->prefers_readers == 1) return linux_ipc_wait_until(&wait, deadline);
  wait.eventcount = &lock->writer.eventcount;
  wait.attempt = linux_ipc_rwlock_attempt_word;
  wait.watch = linux_ipc_rwlock_watch_writer;
  int32_t result = linux_ipc_wait_until(&wait, deadline);
  return result < 0 ? result : linux_ipc_rwlock_drain(ipc, lock, 0, result, (uint32_t)wait.number, deadline);
}

/* A reader becomes the writer when the other readers have left. 0; LINUX_IPC_RECOVERED as above; -ETIMEDOUT and -EBUSY, and
 * it still reads: -EBUSY at once where a writer waits already, for this reader too (unlock, and lock for writing);
 * -EDEADLK another thread of this process does it; -EPERM this process does not read; -ENOTRECOVERABLE. */
static inline int32_t linux_ipc_rwlock_upgrade(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock, int64_t timeout_ns) {
  int64_t deadline = linux_ipc_deadline(timeout_ns);
  uint32_t dead = 0;
  if (linux_ipc_rwlock_is_in(ipc, lock)) return lock->writer.state == LINUX_IPC_SOUND ? 0 : LINUX_IPC_RECOVERED;
  linux_ipc_futex_lock_lock(&ipc->shares_lock, -1);
  int32_t result = linux_ipc_rwlock_counted(ipc, lock) > 0 ? linux_ipc_rwlock_take(ipc, lock, &dead) : -EPERM;
  linux_ipc_futex_lock_unlock(&ipc->shares_lock);
  return result < 0 ? result : linux_ipc_rwlock_drain(ipc, lock, 1, result, dead, deadline);
}

/* The writer, or who has the lock alone and has repaired it, becomes a reader; nobody writes in between. 0; -EPERM this
 * process is not alone in it, or has not repaired it; -ENOLCK it reads LINUX_IPC_SHARES locks already, and still writes. */
static inline int32_t linux_ipc_rwlock_downgrade(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  int32_t result = -ENOLCK;
  if (!linux_ipc_rwlock_is_in(ipc, lock) || lock->writer.state != LINUX_IPC_SOUND) return -EPERM;
  linux_ipc_futex_lock_lock(&ipc->shares_lock, -1);
  struct linux_ipc_share *share = linux_ipc_rwlock_share(ipc, lock);
  if (share) {
    __atomic_store_n(&lock->readers[ipc->index], ipc->owner >> 10, __ATOMIC_SEQ_CST); /* before the writer's word goes */
    share->count++;
    linux_ipc_rwlock_set_entered(lock, 0);
    result = linux_ipc_rwlock_release(ipc, lock);
  }
  linux_ipc_futex_lock_unlock(&ipc->shares_lock);
  return result;
}

/* -- giving back ------------------------------------------------------------------------------------------------ */

/* What the lock protects is sound again. Who has it alone calls it. */
static inline void linux_ipc_rwlock_repaired(struct linux_ipc_rwlock *lock) { linux_ipc_mutex_repaired(&lock->writer); }

/* Gives the lock back, never to be taken again. Who has it alone calls it; -EPERM from others. */
static inline int32_t linux_ipc_rwlock_unrecoverable(const struct linux_ipc *ipc, struct linux_ipc_rwlock *lock,
                                                     const char *reason) {
  if (!linux_ipc_rwlock_is_in(ipc, lock)) return -EPERM;
  linux_ipc_mutex_condemn(&lock->writer, reason);
  linux_ipc_rwlock_set_entered(lock, 0);
  return linux_ipc_rwlock_release(ipc, lock);
}

static inline int32_t linux_ipc_rwlock_leave(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  linux_ipc_futex_lock_lock(&ipc->shares_lock, -1);
  struct linux_ipc_share *share = linux_ipc_rwlock_share(ipc, lock);
  int is_reader = share != NULL && share->count > 0;
  if (is_reader) linux_ipc_rwlock_subtract(ipc, lock, share);
  linux_ipc_futex_lock_unlock(&ipc->shares_lock);
  if (!is_reader) return -EPERM;
  linux_ipc_eventcount_notify(&lock->drain); /* also for one of several: another one may wait to become the writer */
  return 0;
}

/* Gives back what this process has: one reader, or the writer. After a recovery without linux_ipc_rwlock_repaired the lock
 * is unrecoverable from now on. -EPERM this process has nothing. */
static inline int32_t linux_ipc_rwlock_unlock(struct linux_ipc *ipc, struct linux_ipc_rwlock *lock) {
  if (!linux_ipc_rwlock_is_in(ipc, lock)) return linux_ipc_rwlock_leave(ipc, lock);
  if (lock->writer.state != LINUX_IPC_SOUND)
    return linux_ipc_rwlock_unrecoverable(ipc, lock, "its writer died and the next holder did not repair");
  linux_ipc_rwlock_set_entered(lock, 0);
  return linux_ipc_rwlock_release(ipc, lock);
}

#endif
