/* linux_ipc.h: C and C++ peers of @linux-ipc/core: its words in shared memory, and inline functions to lock and to wait.
 *
 * Header only, C11 or C++11, 64-bit Linux on x86-64 or aarch64, GCC or Clang; link with -pthread. An object that
 * TypeScript made by name is opened by name here; this process becomes one of its participants, and its death is proven by
 * the kernel, as theirs is.
 *
 *   struct linux_ipc ipc;
 *   if (linux_ipc_open(&ipc, "/ledger", LINUX_IPC_MUTEX) < 0) return 1;
 *   struct linux_ipc_mutex *mutex = (struct linux_ipc_mutex *)linux_ipc_object(&ipc);
 *   int32_t result = linux_ipc_mutex_lock(&ipc, mutex, -1);
 *   if (result == LINUX_IPC_RECOVERED) linux_ipc_mutex_repaired(mutex); // after putting right what mutex->dead_pid left
 *   linux_ipc_mutex_unlock(&ipc, mutex);
 *   linux_ipc_close(&ipc);
 *
 * Functions return 0 or more, or -errno; none reads or promises errno. Times are nanoseconds; negative = for ever.
 * One `struct linux_ipc` may be used by all threads, but its owner is the process: locks are not recursive, and a thread
 * that locks what another thread of the process holds gets -EDEADLK; threads that exclude each other open one each. A
 * child after fork(2) opens again; of what its parent opened it may only close its copies, and while it has them the
 * parent's slots stay taken. A thread of this header's lives as long as the process, with all signals blocked: a program
 * ends by exit(3), or by returning from main, and not by pthread_exit(3) in it. No call is a cancellation point, but the
 * wait for a spin lock, which takes nothing then. A shared object that includes this header is linked with -z nodelete:
 * unloaded under that thread, it takes with it what tells the kernel of our death, and the code to which the thread returns
 * from a setuid(2).
 *
 * The objects, each with its bytes and functions in a file of that name in linux_ipc/:
 *
 *   mutex  rwlock  semaphore  condition  event  barrier  once      by name, or over part of a memory; they heal
 *   futex (also FutexLock)  spin_lock                              any word or byte that is shared; they do not
 *
 * An object that TypeScript laid `over` part of a memory: linux_ipc_attach with a descriptor of the memory's file and the
 * offset of its table of participants; the object is at ipc.bytes + its own offset. Zeros are a fresh one.
 *
 * Not here: making objects by name, which TypeScript does; waiting without blocking the thread; FileLock, which is flock(2)
 * and fcntl(2); rings, maps and latest values.
 *
 * A segment (file in /dev/shm):
 *
 *   0x0000  header        magic "LIPC" | version 1 | kind, four letters | version of the object | f64 size | f64 created
 *   0x1000  participants  128 slots of 64 bytes: life | generation | pid | boot | f64 since | previous pid
 *   0x3000  object
 *
 *   life word    thread id, and bit 31 when somebody waits for the owner's death; or bit 30: dead (set by the kernel)
 *   owner id     generation (21 bits) << 10 | slot + 1
 *   lock word    owner id; 0 = free
 *   eventcount   bit 0 somebody may sleep | sequence
 */
#ifndef LINUX_IPC_H
#define LINUX_IPC_H

#if !defined(__LP64__) || !(defined(__x86_64__) || defined(__aarch64__))
#error "linux_ipc.h is for 64-bit programs on x86-64 and aarch64, as the library is"
#endif

/* -std=c11 alone hides what is not ISO C; these functions need what a program without -std sees. The C library decides at
 * its first header. */
#if !defined(_FEATURES_H) && !defined(_GNU_SOURCE) && !defined(_DEFAULT_SOURCE)
#define _DEFAULT_SOURCE 1
#elif !defined(_GNU_SOURCE) && !defined(_DEFAULT_SOURCE) && !defined(_BSD_SOURCE)
#error "include linux_ipc.h before all system headers, or define _DEFAULT_SOURCE for the whole program (or use -std=gnu11)"
#endif

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#define LINUX_IPC_ASSERT(condition, text) static_assert(condition, text)
#else
#define LINUX_IPC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449 /* the same number on every architecture */
#endif
/* fcntl(2), open file description locks: glibc shows them only with _GNU_SOURCE. */
#define LINUX_IPC_OFD_GETLK 36
#define LINUX_IPC_OFD_SETLK 37

/* -- the bytes -------------------------------------------------------------------------------------------------- */

#define LINUX_IPC_MAGIC 0x4350494cu
#define LINUX_IPC_SEGMENT_VERSION 1u
#define LINUX_IPC_OBJECT_VERSION 1u
#define LINUX_IPC_TABLE_OFFSET 0x1000u
#define LINUX_IPC_OBJECT_OFFSET 0x3000u
#define LINUX_IPC_SLOTS 128
#define LINUX_IPC_LIFE_WITHOUT_ROBUST_LIST 0x3ffffffeu /* only the slot's lock tells of a death */
#define LINUX_IPC_OWNER_MASK 0x7fffffffu
#define LINUX_IPC_SLEEPERS 1u

#define LINUX_IPC_MUTEX "MUTX"
#define LINUX_IPC_RWLOCK "RWLK"
#define LINUX_IPC_CONDITION "COND"
#define LINUX_IPC_SEMAPHORE "SEMA"
#define LINUX_IPC_EVENT "EVNT"
#define LINUX_IPC_BARRIER "BARR"
#define LINUX_IPC_ONCE "ONCE"

struct linux_ipc_header {
  uint32_t magic, version, kind, object_version;
  double size, created;
};

struct linux_ipc_slot {
  uint32_t life, generation;
  int32_t pid; /* for people: never used to judge life */
  uint32_t boot; /* linux_ipc_boot() of the last holder; 0 unknown */
  double since;
  int32_t previous_pid; /* of the holder before, whom a lock may still name */
  uint8_t padding[36];
};
LINUX_IPC_ASSERT(sizeof(struct linux_ipc_slot) == 64, "slot layout");

/* -- the process ------------------------------------------------------------------------------------------------ */

/* What all translation units share: the thread whose end the kernel tells, and its robust list. A shared object that hides
 * its symbols, or is loaded by dlopen(3), has its own. */
struct linux_ipc_process {
  pthread_mutex_t lock;
  int32_t pid;               /* whose all this is: a child after fork(2) begins anew; negative while it does */
  int32_t forks;             /* how often that happened: in a nested pid namespace a child may have its parent's pid */
  int32_t hears_forks;
  int32_t thread, is_robust; /* thread 0 = not started */
  int32_t linked;            /* entries of the robust list */
  struct robust_list_head head;
};
__attribute__((weak)) struct linux_ipc_process linux_ipc_process = {PTHREAD_MUTEX_INITIALIZER, 0, 0, 0, 0, 0, 0, {{0}, 0, 0}};

#define LINUX_IPC_SHARES 64 /* RwLocks that one participant reads at the same time */

/* How many threads of this process read an RwLock, beside the word in it, which names only the process. */
struct linux_ipc_share {
  const void *object;
  int32_t count; /* 0 = not in use */
};

/* An open object, and this process among its participants. */
struct linux_ipc {
  uint8_t *bytes; /* the whole file */
  size_t size;
  uint32_t owner;
  int fd, index;
  struct linux_ipc_process *process; /* of the shared object that opened it: another one may use and close it */
  int32_t pid, forks;                /* who joined */
  int is_linked;      /* in the robust list */
  uint8_t *area; /* the table once more, behind the private robust entries */
  size_t area_size;
  struct linux_ipc_slot *table;
  uint64_t table_offset;
  uint32_t shares_lock; /* a FutexLock */
  struct linux_ipc_share shares[LINUX_IPC_SHARES];
};

/* -- futexes (futex(2), futex_waitv(2)) ------------------------------------------------------------------------- */

static inline uint32_t linux_ipc_load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

static inline int linux_ipc_exchange_if(uint32_t *word, uint32_t *expected, uint32_t desired) {
  return __atomic_compare_exchange_n(word, expected, desired, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline int64_t linux_ipc_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The instant at which a timeout ends; -1 = never. */
static inline int64_t linux_ipc_deadline(int64_t timeout_ns) {
  if (timeout_ns < 0) return -1;
  int64_t now = linux_ipc_now();
  return timeout_ns > INT64_MAX - now ? -1 : now + timeout_ns;
}

static inline void linux_ipc_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  __asm__ volatile("isb" ::: "memory");
#endif
}

/* Wakes everybody: one who is woken and killed must not have swallowed the only wake-up. */
static inline void linux_ipc_wake(uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0); }

/* Sleeps while *word == expected, at most until the instant. May return without cause: look again. */
static inline void linux_ipc_sleep(uint32_t *word, uint32_t expected, int64_t instant) {
  struct timespec until = {(time_t)(instant / 1000000000), (long)(instant % 1000000000)};
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, instant < 0 ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
}

/* Whether membarrier(2) is refused here: then a wake-up may be missed, and who sleeps looks every 2 ms. */
static int linux_ipc_lacks_barrier;

/* The instant of the next look, so many nanoseconds from now, but the deadline if that comes first. */
static inline int64_t linux_ipc_next_look(int64_t usual, int64_t deadline) {
  int64_t pause = __atomic_load_n(&linux_ipc_lacks_barrier, __ATOMIC_RELAXED) ? 2000000 : usual;
  int64_t look = linux_ipc_now() + pause;
  return deadline >= 0 && deadline < look ? deadline : look;
}

/* Says in a life word that somebody waits for its owner's death, so that the kernel wakes us. Its value. */
static inline uint32_t linux_ipc_life_announce(uint32_t *life) {
  uint32_t alive = linux_ipc_load(life);
  while (!(alive & (FUTEX_OWNER_DIED | FUTEX_WAITERS)) && !linux_ipc_exchange_if(life, &alive, alive | FUTEX_WAITERS))
    ;
  return alive & FUTEX_OWNER_DIED ? alive : alive | FUTEX_WAITERS;
}

/* Whose deaths end a sleep: the life words of others, each once. */
struct linux_ipc_peers {
  uint32_t *lives[LINUX_IPC_SLOTS - 1];
  int count;
};

struct linux_ipc_waitv { /* struct futex_waitv */
  uint64_t value, address;
  uint32_t flags, reserved;
};

/* As linux_ipc_sleep, and ends when one of the peers dies. Comes up every 50 ms for a look, and every 2 ms where the
 * kernel has no futex_waitv or no membarrier. */
static inline void linux_ipc_sleep_with(uint32_t *word, uint32_t expected, const struct linux_ipc_peers *peers,
                                        int64_t deadline) {
  struct linux_ipc_waitv words[LINUX_IPC_SLOTS] = {{expected, (uintptr_t)word, 2, 0}};
  for (int peer = 0; peer < peers->count; peer++) {
    uint32_t alive = linux_ipc_life_announce(peers->lives[peer]);
    if (alive & FUTEX_OWNER_DIED) return;
    struct linux_ipc_waitv life = {alive, (uintptr_t)peers->lives[peer], 2, 0};
    words[peer + 1] = life;
  }
  int64_t look = linux_ipc_next_look(50000000, deadline);
  struct timespec until = {(time_t)(look / 1000000000), (long)(look % 1000000000)};
  long result = syscall(SYS_futex_waitv, words, peers->count + 1, 0, &until, CLOCK_MONOTONIC);
  if (result < 0 && errno != EAGAIN && errno != ETIMEDOUT && errno != EINTR && errno != EFAULT)
    linux_ipc_sleep(word, expected, linux_ipc_next_look(2000000, deadline));
  for (int peer = 0; peer < peers->count; peer++) /* the kernel woke one of us: pass it on */
    if (linux_ipc_load(peers->lives[peer]) & FUTEX_OWNER_DIED) linux_ipc_wake(peers->lives[peer]);
}

/* -- eventcounts ------------------------------------------------------------------------------------------------ */

/* Announces a sleeper: the key to sleep on. After it, look once more at what you wait for. */
static inline uint32_t linux_ipc_eventcount_prepare(uint32_t *eventcount) {
  uint32_t key = linux_ipc_load(eventcount);
  while (!(key & LINUX_IPC_SLEEPERS) && !linux_ipc_exchange_if(eventcount, &key, key | LINUX_IPC_SLEEPERS))
    ;
  long result = syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0); /* the fence of plain publishers */
  if (result < 0) __atomic_store_n(&linux_ipc_lacks_barrier, 1, __ATOMIC_RELAXED);
  return key | LINUX_IPC_SLEEPERS;
}

/* Sleeps until a notification after `prepare`, the instant, or 100 ms: whoever notifies may be killed before it wakes. */
static inline void linux_ipc_eventcount_wait(uint32_t *eventcount, uint32_t key, int64_t deadline) {
  linux_ipc_sleep(eventcount, key, linux_ipc_next_look(100000000, deadline));
}

/* If somebody may sleep, advances the eventcount and wakes, both in one system call: nobody is killed between the two.
 * Adding 1 carries the bit into the sequence. */
static inline void linux_ipc_eventcount_notify(uint32_t *eventcount) {
  if (!(linux_ipc_load(eventcount) & LINUX_IPC_SLEEPERS)) return;
  int operation = FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0);
  if (syscall(SYS_futex, eventcount, FUTEX_WAKE_OP, INT32_MAX, NULL, eventcount, operation) >= 0 || errno != ENOSYS) return;
  __atomic_fetch_add(eventcount, 1, __ATOMIC_SEQ_CST); /* a sandbox without it */
  linux_ipc_wake(eventcount);
}

typedef uint64_t __attribute__((may_alias)) linux_ipc_pair;

/* Changes the word behind an eventcount from `*expected` to `value` and advances the eventcount, in one instruction, then
 * wakes: who is killed here leaves no change that sleepers cannot see. 0: the word holds something else, now in *expected. */
static inline int linux_ipc_eventcount_change(uint32_t *eventcount, uint32_t *expected, uint32_t value) {
  linux_ipc_pair *pair = (linux_ipc_pair *)(void *)eventcount;
  uint64_t found = __atomic_load_n(pair, __ATOMIC_SEQ_CST), next;
  do {
    if ((uint32_t)(found >> 32) != *expected) {
      *expected = (uint32_t)(found >> 32);
      return 0;
    }
    uint32_t key = (uint32_t)found;
    next = (uint64_t)value << 32 | (key & LINUX_IPC_SLEEPERS ? (key + 2) & ~LINUX_IPC_SLEEPERS : key);
  } while (!__atomic_compare_exchange_n(pair, &found, next, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  if ((uint32_t)found & LINUX_IPC_SLEEPERS) linux_ipc_wake(eventcount);
  return 1;
}

/* -- participants ----------------------------------------------------------------------------------------------- */

/* A life word stands this far behind its robust entry, in all of a process alike: the largest page and a table. What stands
 * before the table in its first page is the file's, too. */
#define LINUX_IPC_LIFE_OFFSET 0x12000

static inline void *linux_ipc_thread(void *argument) {
  struct linux_ipc_process *process = (struct linux_ipc_process *)argument;
  process->head.list.next = &process->head.list;
  process->head.futex_offset = LINUX_IPC_LIFE_OFFSET;
  process->is_robust = syscall(SYS_set_robust_list, &process->head, sizeof process->head) == 0;
  __atomic_store_n(&process->thread, (int32_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
  for (;;) pause();
  return NULL;
}

/* A child after fork(2) has its parent's words but not its thread, and perhaps a lock that nobody will give back. The
 * first of the child's threads to come here forgets them. */
static inline void linux_ipc_begin(struct linux_ipc_process *process) {
  int32_t pid = getpid(), found = __atomic_load_n(&process->pid, __ATOMIC_SEQ_CST);
  if (found == pid) return;
  if (found != -pid && __atomic_compare_exchange_n(&process->pid, &found, -pid, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    pthread_mutex_init(&process->lock, NULL);
    process->thread = process->linked = 0;
    __atomic_store_n(&process->pid, pid, __ATOMIC_SEQ_CST);
  }
  while (__atomic_load_n(&process->pid, __ATOMIC_SEQ_CST) != pid) usleep(100);
}

/* In a child after fork(2). */
static inline void linux_ipc_forked(void) {
  linux_ipc_process.pid = 0;
  linux_ipc_process.forks++;
}

/* Starts the thread, once per process. Signals belong to the program's own threads. With the lock held. */
static inline int32_t linux_ipc_start(struct linux_ipc_process *process) {
  if (process->thread) return 0;
  if (!process->hears_forks && pthread_atfork(NULL, NULL, linux_ipc_forked) == 0) process->hears_forks = 1;
  sigset_t all, before;
  pthread_t thread;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, NULL, linux_ipc_thread, process);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error) return -error;
  pthread_detach(thread);
  while (!__atomic_load_n(&process->thread, __ATOMIC_SEQ_CST)) usleep(100);
  return 0;
}

static inline struct robust_list *linux_ipc_entry_of(const struct linux_ipc *ipc) {
  return (struct robust_list *)(void *)((uint8_t *)&ipc->table[ipc->index].life - LINUX_IPC_LIFE_OFFSET);
}

static inline int32_t linux_ipc_map_table(struct linux_ipc *ipc) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), within = ipc->table_offset % page;
  size_t length = (within + LINUX_IPC_SLOTS * sizeof(struct linux_ipc_slot) + page - 1) / page * page;
  size_t front = (LINUX_IPC_LIFE_OFFSET + page - 1) / page * page;
  void *area = mmap(NULL, front + length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return -errno;
  ipc->area = (uint8_t *)area;
  ipc->area_size = front + length;
  void *table = mmap(ipc->area + front, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ipc->fd,
                     (off_t)(ipc->table_offset - within));
  if (table == MAP_FAILED) return -errno;
  ipc->table = (struct linux_ipc_slot *)(void *)(ipc->area + front + within);
  return 0;
}

/* fcntl(2) on the first byte of a slot: whoever holds it has the slot. */
static inline int32_t linux_ipc_slot_lock(const struct linux_ipc *ipc, int command, int slot, struct flock *lock) {
  memset(lock, 0, sizeof *lock);
  lock->l_type = F_WRLCK;
  lock->l_whence = SEEK_SET;
  lock->l_start = (off_t)(ipc->table_offset + (unsigned)slot * sizeof(struct linux_ipc_slot));
  lock->l_len = 1;
  return fcntl(ipc->fd, command, lock) < 0 ? -errno : 0;
}

/* Links the entry while the kernel would reach it: at a thread's end it walks ROBUST_LIST_LIMIT entries and leaves the
 * rest unmarked. All of them are ours: our thread has this list in place of its C library's. With the lock held. */
static inline int linux_ipc_link(struct linux_ipc *ipc, struct linux_ipc_process *process) {
  if (!process->is_robust || process->linked == ROBUST_LIST_LIMIT) return 0;
  struct robust_list *entry = linux_ipc_entry_of(ipc);
  entry->next = process->head.list.next;
  __atomic_store_n(&process->head.list.next, entry, __ATOMIC_SEQ_CST);
  process->linked++;
  return 1;
}

/* With the lock held. */
static inline void linux_ipc_unlink(struct linux_ipc *ipc, struct linux_ipc_process *process) {
  if (!ipc->is_linked) return;
  struct robust_list *entry = linux_ipc_entry_of(ipc), *at = &process->head.list;
  while (at->next != entry) at = at->next;
  at->next = entry->next;
  process->linked--;
}

/* random(4), /proc/sys/kernel/random/boot_id: 31 bits of it (FNV-1a), never 0; or 0 where it cannot be read. */
static inline uint32_t linux_ipc_boot(void) {
  char text[64];
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, sizeof text);
  close(fd);
  if (length <= 0) return 0;
  uint32_t hash = 2166136261u;
  for (ssize_t at = 0; at < length; at++) hash = (hash ^ (uint8_t)text[at]) * 16777619u;
  hash &= 0x7fffffffu;
  return hash ? hash : 1;
}

/* The next one: no word can name it. But a slot of another boot may have lost holders to a power loss, and one of a new
 * table all of them, while words that carry their ids had reached the disk: there it is anywhere. */
static inline uint32_t linux_ipc_next_generation(const struct linux_ipc_slot *slot, uint32_t boot) {
  uint32_t before = linux_ipc_load(&slot->generation);
  int is_next_unused = before != 0 && (boot == 0 || slot->boot == boot);
  uint32_t generation = (is_next_unused ? before + 1 : (uint32_t)(linux_ipc_now() >> 8) ^ boot) & 0x1fffffu;
  return generation ? generation : 1;
}

/* Dead first, then a new generation, then alive; and linked before it names our thread: there is no instant at which we
 * look alive and our death would go unseen. */
static inline void linux_ipc_come_alive(struct linux_ipc *ipc, struct linux_ipc_process *process) {
  struct linux_ipc_slot *slot = &ipc->table[ipc->index];
  __atomic_store_n(&slot->life, FUTEX_OWNER_DIED, __ATOMIC_SEQ_CST);
  uint32_t boot = linux_ipc_boot(), generation = linux_ipc_next_generation(slot, boot);
  slot->previous_pid = slot->pid;
  __atomic_store_n(&slot->generation, generation, __ATOMIC_SEQ_CST);
  slot->boot = boot;
  slot->pid = getpid();
  slot->since = (double)linux_ipc_now();
  ipc->owner = generation << 10 | (uint32_t)(ipc->index + 1);
  ipc->is_linked = linux_ipc_link(ipc, process);
  uint32_t life = ipc->is_linked ? (uint32_t)process->thread : LINUX_IPC_LIFE_WITHOUT_ROBUST_LIST;
  __atomic_store_n(&slot->life, life, __ATOMIC_SEQ_CST);
}

static inline int32_t linux_ipc_claim_slot(struct linux_ipc *ipc, struct linux_ipc_process *process) {
  struct flock lock;
  for (int slot = 0; slot < LINUX_IPC_SLOTS; slot++) {
    int32_t result = linux_ipc_slot_lock(ipc, LINUX_IPC_OFD_SETLK, slot, &lock);
    if (result == -EAGAIN || result == -EACCES) continue;
    if (result < 0) return result;
    ipc->index = slot;
    ipc->pid = getpid();
    ipc->forks = process->forks;
    linux_ipc_come_alive(ipc, process);
    return 0;
  }
  return -EUSERS;
}

/* A file may outlive the kernel that would have marked its dead (power loss): a slot that looks alive and whose lock can
 * be had is dead. With the lock in our hands nobody comes alive there meanwhile; and only by one thread at a time, since
 * all have the same lock, which the first of them to be done gives back for the others, too. */
static inline void linux_ipc_bury_dead(const struct linux_ipc *ipc) {
  pthread_mutex_lock(&ipc->process->lock);
  for (int slot = 0; slot < LINUX_IPC_SLOTS; slot++) {
    uint32_t *life = &ipc->table[slot].life, found = linux_ipc_load(life);
    struct flock lock;
    if (slot == ipc->index || found == 0 || found & FUTEX_OWNER_DIED) continue;
    if (linux_ipc_slot_lock(ipc, LINUX_IPC_OFD_SETLK, slot, &lock) < 0) continue;
    __atomic_store_n(life, FUTEX_OWNER_DIED, __ATOMIC_SEQ_CST);
    linux_ipc_wake(life);
    lock.l_type = F_UNLCK;
    fcntl(ipc->fd, LINUX_IPC_OFD_SETLK, &lock);
  }
  pthread_mutex_unlock(&ipc->process->lock);
}

static inline void linux_ipc_unmap(struct linux_ipc *ipc) {
  if (ipc->area) munmap(ipc->area, ipc->area_size);
  if (ipc->bytes) munmap(ipc->bytes, ipc->size);
  close(ipc->fd);
}

/* A thread that is cancelled half-way (pthread_cancel(3)) would keep the lock of all threads, or a slot. What to give to
 * linux_ipc_cancel_again. */
static inline int linux_ipc_cancel_not(void) {
  int before;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
  return before;
}

static inline void linux_ipc_cancel_again(int before) { pthread_setcancelstate(before, &before); }

static inline int32_t linux_ipc_join(struct linux_ipc *ipc, struct linux_ipc_process *process) {
  linux_ipc_begin(process);
  pthread_mutex_lock(&process->lock);
  int32_t result = linux_ipc_start(process);
  if (result == 0) result = linux_ipc_claim_slot(ipc, process);
  pthread_mutex_unlock(&process->lock);
  return result;
}

/* Maps the file behind `fd`, which it takes over, and joins the participants whose table is at `table_offset`: for
 * objects that TypeScript laid over part of a memory. -EUSERS all 128 slots are held by the living; -EINVAL the table does
 * not fit there, or the offset is not a multiple of 128. The descriptor must come from an open(2) of its own: locks of a
 * shared one are nobody's. */
static inline int32_t linux_ipc_attach(struct linux_ipc *ipc, int fd, uint64_t table_offset) {
  struct stat status;
  int before = linux_ipc_cancel_not();
  memset(ipc, 0, sizeof *ipc);
  ipc->fd = fd;
  ipc->process = &linux_ipc_process;
  ipc->table_offset = table_offset;
  int32_t result = fstat(fd, &status) < 0 ? -errno : 0;
  const uint64_t table_size = LINUX_IPC_SLOTS * sizeof(struct linux_ipc_slot);
  if (result == 0 && (table_offset % 128 != 0 || (uint64_t)status.st_size < table_size ||
                      table_offset > (uint64_t)status.st_size - table_size))
    result = -EINVAL;
  if (result == 0) {
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) result = -errno;
    else ipc->bytes = (uint8_t *)bytes;
    ipc->size = (size_t)status.st_size;
  }
  if (result == 0) result = linux_ipc_map_table(ipc);
  if (result == 0) result = linux_ipc_join(ipc, ipc->process);
  if (result == 0) linux_ipc_bury_dead(ipc);
  if (result < 0) linux_ipc_unmap(ipc);
  syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0);
  linux_ipc_cancel_again(before);
  return result;
}

/* Bytes of an object; of a semaphore, without its owned permits. */
static inline size_t linux_ipc_size_of(const char *kind) {
  return memcmp(kind, LINUX_IPC_RWLOCK, 4) == 0 ? 0x300 : memcmp(kind, LINUX_IPC_BARRIER, 4) == 0 ? 0x480 : 0x80;
}

/* Whether the file is a whole segment of this kind, with room for the object. */
static inline int linux_ipc_is_segment(int fd, const char *kind) {
  struct linux_ipc_header header;
  struct stat status;
  uint32_t letters;
  memcpy(&letters, kind, sizeof letters);
  if (fstat(fd, &status) < 0 || pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header) return 0;
  if (header.magic != LINUX_IPC_MAGIC || header.version != LINUX_IPC_SEGMENT_VERSION || header.kind != letters) return 0;
  if (header.object_version != LINUX_IPC_OBJECT_VERSION || header.size != (double)status.st_size) return 0;
  return status.st_size >= (off_t)(LINUX_IPC_OBJECT_OFFSET + linux_ipc_size_of(kind));
}

static inline int32_t linux_ipc_open_file(struct linux_ipc *ipc, const char *path, const char *kind) {
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -errno;
  if (!linux_ipc_is_segment(fd, kind)) {
    close(fd);
    return -EINVAL;
  }
  return linux_ipc_attach(ipc, fd, LINUX_IPC_TABLE_OFFSET);
}

/* Opens the object of this name and kind. -ENOENT; -EACCES; -EINVAL it is something else, or cut short; -EUSERS. */
static inline int32_t linux_ipc_open(struct linux_ipc *ipc, const char *name, const char *kind) {
  char path[256];
  if ((size_t)snprintf(path, sizeof path, "/dev/shm/%s", name + (*name == '/')) >= sizeof path) return -ENAMETOOLONG;
  int before = linux_ipc_cancel_not();
  int32_t result = linux_ipc_open_file(ipc, path, kind);
  linux_ipc_cancel_again(before);
  return result;
}

/* The object of a segment. */
static inline void *linux_ipc_object(const struct linux_ipc *ipc) { return ipc->bytes + LINUX_IPC_OBJECT_OFFSET; }

static inline void linux_ipc_leave(struct linux_ipc *ipc, struct linux_ipc_process *process) {
  __atomic_store_n(&ipc->table[ipc->index].life, FUTEX_OWNER_DIED, __ATOMIC_SEQ_CST);
  linux_ipc_wake(&ipc->table[ipc->index].life);
  pthread_mutex_lock(&process->lock);
  linux_ipc_unlink(ipc, process);
  pthread_mutex_unlock(&process->lock);
}

/* Leaves: what is still held passes on as from a dead one. In a child after fork(2) the parent, who joined, stays. */
static inline void linux_ipc_close(struct linux_ipc *ipc) {
  int before = linux_ipc_cancel_not();
  if (ipc->pid == getpid() && ipc->forks == ipc->process->forks) linux_ipc_leave(ipc, ipc->process);
  linux_ipc_unmap(ipc);
  linux_ipc_cancel_again(before);
}

/* The slot that an owner id found in shared memory names; NULL for an id that nobody can have. */
static inline struct linux_ipc_slot *linux_ipc_slot_of(const struct linux_ipc *ipc, uint32_t owner) {
  uint32_t index = (owner & 1023) - 1, generation = (owner & LINUX_IPC_OWNER_MASK) >> 10;
  return index < LINUX_IPC_SLOTS && generation != 0 ? &ipc->table[index] : NULL;
}

/* Whether the owner is dead: two loads, and the slot's lock where no robust list tells. */
static inline int linux_ipc_is_dead(const struct linux_ipc *ipc, uint32_t owner) {
  struct linux_ipc_slot *slot = linux_ipc_slot_of(ipc, owner);
  struct flock lock;
  if (owner == ipc->owner) return 0;
  if (slot == NULL) return 1;
  uint32_t generation = (owner & LINUX_IPC_OWNER_MASK) >> 10, life = linux_ipc_load(&slot->life);
  if (generation == 0) return 1; /* nobody's */
  if (linux_ipc_load(&slot->generation) != generation || life & FUTEX_OWNER_DIED) return 1;
  if ((life & ~FUTEX_WAITERS) != LINUX_IPC_LIFE_WITHOUT_ROBUST_LIST) return 0;
  if (linux_ipc_slot_lock(ipc, LINUX_IPC_OFD_GETLK, (int)(slot - ipc->table), &lock) < 0) return 0;
  return lock.l_type == F_UNLCK && linux_ipc_load(&slot->generation) == generation;
}

/* The process id of an owner, for messages, also where one newcomer has its slot meanwhile; 0 when it is not known any
 * more. */
static inline int32_t linux_ipc_pid_of(const struct linux_ipc *ipc, uint32_t owner) {
  const struct linux_ipc_slot *slot = linux_ipc_slot_of(ipc, owner);
  if (!slot) return 0;
  uint32_t generation = linux_ipc_load(&slot->generation), passed = (generation - (owner >> 10)) & 0x1fffffu;
  int32_t pid = passed == 0 ? slot->pid : passed == 1 ? slot->previous_pid : 0;
  return linux_ipc_load(&slot->generation) == generation ? pid : linux_ipc_pid_of(ipc, owner);
}

/* Puts an owner on the list, unless it is there, or we ourselves, or nobody. */
static inline void linux_ipc_peers_add(const struct linux_ipc *ipc, struct linux_ipc_peers *peers, uint32_t owner) {
  struct linux_ipc_slot *slot = linux_ipc_slot_of(ipc, owner);
  if (slot == NULL || slot == &ipc->table[ipc->index]) return;
  for (int peer = 0; peer < peers->count; peer++)
    if (peers->lives[peer] == &slot->life) return;
  peers->lives[peers->count++] = &slot->life;
}

/* -- the objects ------------------------------------------------------------------------------------------------ */

#include "linux_ipc/wait.h"

#include "linux_ipc/futex.h"
#include "linux_ipc/spin_lock.h"

#include "linux_ipc/lock_word.h"
#include "linux_ipc/mutex.h"

#include "linux_ipc/barrier.h"
#include "linux_ipc/condition.h"
#include "linux_ipc/event.h"
#include "linux_ipc/once.h"
#include "linux_ipc/rwlock.h"
#include "linux_ipc/semaphore.h"

#ifdef __cplusplus
}
#endif
#endif
