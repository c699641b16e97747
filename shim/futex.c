/* Waiting on 32-bit words that processes share: futex(2), futex_waitv(2), membarrier(2), and the pause instruction. */
#include "internal.h"

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449 /* the same number on every architecture */
#endif
#define WAITV_32_BIT 2u         /* FUTEX2_SIZE_U32: shared, never PRIVATE */
#define WAITV_MAX 128           /* FUTEX_WAITV_MAX */
#define FALLBACK_SLICE_NS 2e6   /* without futex_waitv: look at the other words this often */
#define LIFE_SLICE_NS 50e6      /* no robust list entry can be trusted for ever: come up for a look */

int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct timespec *instant(double deadline, struct timespec *out) {
  if (deadline < 0) return NULL;
  int64_t ns = (int64_t)deadline;
  *out = (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
  return out;
}

/* futex(2), FUTEX_WAIT_BITSET: sleeps while *word == expected, until the deadline.
 * 0 woken; -EAGAIN the value differed; -ETIMEDOUT; -EINTR, the caller loops. */
int32_t futex_wait(futex_word *word, uint32_t expected, double deadline) {
  struct timespec until;
  return checked(syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, instant(deadline, &until), NULL,
                         FUTEX_BITSET_MATCH_ANY));
}

/* futex(2), FUTEX_WAKE: how many were woken. */
int32_t futex_wake(futex_word *word, int32_t count) {
  return checked(syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0));
}

/* Advances an eventcount (src/wait/eventcount.ts) whose bit 0, "somebody may sleep", was found set, and wakes all: one
 * system call, FUTEX_WAKE_OP, so that nobody is killed between the two. It adds 1, which carries the bit into the sequence;
 * where somebody else was faster it sets the bit again, for one wake-up too many. How many were woken. */
static int32_t futex_advance(futex_word *word) {
  int32_t result = checked(syscall(SYS_futex, word, FUTEX_WAKE_OP, INT32_MAX, NULL, word,
                                   FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0)));
  if (result != -ENOSYS) return result;
  atomic_fetch_add(word, 1); /* a sandbox without it */
  return futex_wake(word, INT32_MAX);
}

/* What futex_waitv(2) says where there is one; sandboxes refuse it in words of their own. */
static bool is_answer(int32_t result) {
  return result >= 0 || result == -EAGAIN || result == -EINTR || result == -ETIMEDOUT || result == -EFAULT ||
         result == -ENOMEM;
}

/* futex_waitv(2): sleeps while every word holds its value. The index that was woken, or as futex_wait.
 * Kernels before 5.16 and some seccomp profiles refuse it: then the last word is waited for in short slices, after each
 * of which -EINTR asks the caller to look at all of them. One word needs no slices. */
int32_t futex_waitv(struct waiter *waiters, uint32_t count, double deadline) {
  static _Atomic bool refused;
  struct timespec until;
  if (!atomic_load(&refused)) {
    int32_t result = checked(
        syscall(SYS_futex_waitv, waiters, count, 0, instant(deadline, &until), CLOCK_MONOTONIC));
    if (is_answer(result)) return result;
    atomic_store(&refused, true);
  }
  double slice = (double)now_ns() + FALLBACK_SLICE_NS;
  bool last = count == 1 || (deadline >= 0 && deadline <= slice);
  const struct waiter *waiter = &waiters[count - 1];
  int32_t result = futex_wait((futex_word *)(uintptr_t)waiter->address, (uint32_t)waiter->expected,
                              last ? deadline : slice);
  if (result == -ETIMEDOUT && !last) return -EINTR;
  return result == 0 ? (int32_t)count - 1 : result;
}

/* futex_waitv(2) over `count` pairs of doubles: address, expected value. The index of one that was woken; -EAGAIN a value
 * differed; -ETIMEDOUT; -EINTR, the caller looks at all values and loops. */
LIPC_EXPORT int32_t lipc_futex_wait_any(double list, double count, double deadline) {
  struct waiter waiters[WAITV_MAX];
  const double *pairs = POINTER(list);
  if (!(count >= 1 && count <= WAITV_MAX)) return -EINVAL;
  for (uint32_t i = 0; i < (uint32_t)count; i++)
    waiters[i] = (struct waiter){WORD(pairs[2 * i + 1]), (uintptr_t)pairs[2 * i], WAITV_32_BIT, 0};
  return futex_waitv(waiters, (uint32_t)count, deadline);
}

LIPC_EXPORT int32_t lipc_futex_wait(double word, double expected, double deadline) {
  return futex_wait(POINTER(word), WORD(expected), deadline);
}

LIPC_EXPORT int32_t lipc_futex_wake(double word, double count) { return futex_wake(POINTER(word), (int32_t)count); }

LIPC_EXPORT int32_t lipc_futex_advance(double word) { return futex_advance(POINTER(word)); }

/* Says in a life word that somebody waits for its owner's end, so that the kernel wakes us. Returns its value. */
uint32_t life_announce(futex_word *life) {
  uint32_t value = atomic_load(life);
  while (!(value & (FUTEX_OWNER_DIED | FUTEX_WAITERS)) &&
         !atomic_compare_exchange_weak(life, &value, value | FUTEX_WAITERS))
    ;
  return value & FUTEX_OWNER_DIED ? value : value | FUTEX_WAITERS;
}

/* The kernel wakes ONE waiter of a dead owner's word: whoever sees the death wakes the rest. */
void life_pass_on(futex_word *life) {
  if (atomic_load(life) & FUTEX_OWNER_DIED) futex_wake(life, INT32_MAX);
}

/* Whether one of the owners has died; all who wait for that one are told. */
static bool pass_on_deaths(const struct waiter *lives, uint32_t count) {
  bool is_dead = false;
  for (uint32_t i = 0; i < count; i++) {
    futex_word *life = (futex_word *)(uintptr_t)lives[i].address;
    if (!(atomic_load(life) & FUTEX_OWNER_DIED)) continue;
    life_pass_on(life);
    is_dead = true;
  }
  return is_dead;
}

/* Sleeps on the last of `count` waiters, the word, while the owners of all before it, life words, live. */
static int32_t wait_among(struct waiter *waiters, uint32_t count, double deadline) {
  for (uint32_t i = 0; i + 1 < count; i++) {
    waiters[i].expected = life_announce((futex_word *)(uintptr_t)waiters[i].address);
    if (waiters[i].expected & FUTEX_OWNER_DIED) return -EOWNERDEAD;
  }
  double slice = (double)now_ns() + LIFE_SLICE_NS;
  bool last = deadline >= 0 && deadline <= slice;
  int32_t result = futex_waitv(waiters, count, last ? deadline : slice);
  if (pass_on_deaths(waiters, count - 1)) return -EOWNERDEAD;
  if (result == -ETIMEDOUT && !last) return 0;
  return result == -EAGAIN || result > 0 ? 0 : result;
}

/* Sleeps while *word == expected and the owner of `life` (0 = nobody) lives.
 * 0 woken or changed; -EOWNERDEAD; -ETIMEDOUT; -EINTR. May return 0 without cause: the caller looks again. */
LIPC_EXPORT int32_t lipc_wait_event(double word, double expected, double life, double deadline) {
  if (life == 0) {
    int32_t result = futex_wait(POINTER(word), WORD(expected), deadline);
    return result == -EAGAIN ? 0 : result;
  }
  struct waiter waiters[2] = {{0, (uintptr_t)life, WAITV_32_BIT, 0}, {WORD(expected), (uintptr_t)word, WAITV_32_BIT, 0}};
  return wait_among(waiters, 2, deadline);
}

/* The same for several owners, up to 127: `list` holds `count` pairs of doubles, of which the first one is the word and
 * what is expected of it, and each other one begins with the address of a life word. */
LIPC_EXPORT int32_t lipc_wait_event_among(double list, double count, double deadline) {
  struct waiter waiters[WAITV_MAX];
  const double *pairs = POINTER(list);
  if (!(count >= 1 && count <= WAITV_MAX)) return -EINVAL;
  uint32_t lives = (uint32_t)count - 1;
  for (uint32_t i = 0; i < lives; i++) waiters[i] = (struct waiter){0, (uintptr_t)pairs[2 * i + 2], WAITV_32_BIT, 0};
  waiters[lives] = (struct waiter){WORD(pairs[1]), (uintptr_t)pairs[0], WAITV_32_BIT, 0};
  return wait_among(waiters, lives + 1, deadline);
}

/* membarrier(2), REGISTER_GLOBAL_EXPEDITED: this process takes part in its peers' barriers. */
LIPC_EXPORT int32_t lipc_membarrier_register(void) {
  return checked(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0));
}

/* membarrier(2), GLOBAL_EXPEDITED: a full barrier on every processor that runs a registered process. */
LIPC_EXPORT int32_t lipc_membarrier(void) {
  return checked(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0));
}

/* sched_yield(2): the processor for somebody else, if somebody else wants it. */
LIPC_EXPORT int32_t lipc_yield(void) { return checked(sched_yield()); }

/* `count` times the processor's hint for spin loops (PAUSE, YIELD). */
LIPC_EXPORT int32_t lipc_pause(double count) {
  for (int32_t i = (int32_t)count; i > 0; i--) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("isb" ::: "memory"); /* YIELD is a no-op on most aarch64 cores */
#endif
  }
  return 0;
}

struct echo {
  futex_word ping, pong;
  _Atomic int32_t processors; /* that we may ever run on */
};

#define MEASURE_ROUNDS 9

static void *echo_main(void *argument) {
  struct echo *echo = argument;
  uint64_t everywhere[16];
  for (int i = 0; i < 16; i++) everywhere[i] = ~0ull; /* a peer is seldom pinned to our processor: measure the real distance */
  syscall(SYS_sched_setaffinity, 0, sizeof everywhere, everywhere);
  int64_t size = syscall(SYS_sched_getaffinity, 0, sizeof everywhere, everywhere);
  int32_t processors = 0;
  for (int64_t i = 0; i < size / 8; i++) processors += __builtin_popcountll(everywhere[i]);
  atomic_store(&echo->processors, processors);
  for (uint32_t round = 0; round < MEASURE_ROUNDS; round++) {
    while (atomic_load(&echo->ping) == round) futex_wait(&echo->ping, round, -1);
    atomic_store(&echo->pong, round + 1);
    futex_wake(&echo->pong, 1);
  }
  return NULL;
}

/* What waking a sleeper costs on this machine, in ns: half the median round trip of two threads that both sleep. 0 where
 * there is but one processor for all of us (a machine or cpuset of one); being pinned to one of several is another thing:
 * the peer may run on the others. */
LIPC_EXPORT double lipc_measure_wake(void) {
  static struct echo echo;
  static shim_lock one_at_a_time; /* Workers may measure too: the echo thread must outlive nobody's stack */
  shim_lock_take(&one_at_a_time);
  atomic_store(&echo.ping, 0);
  atomic_store(&echo.pong, 0);
  pthread_t thread;
  int error = pthread_create(&thread, NULL, echo_main, &echo);
  if (error) {
    shim_lock_release(&one_at_a_time);
    return -error;
  }
  int64_t samples[MEASURE_ROUNDS];
  for (uint32_t round = 0; round < MEASURE_ROUNDS; round++) {
    int64_t start = now_ns();
    atomic_store(&echo.ping, round + 1);
    futex_wake(&echo.ping, 1);
    while (atomic_load(&echo.pong) == round) futex_wait(&echo.pong, round, -1);
    int64_t took = now_ns() - start;
    uint32_t at = round;
    for (; at > 0 && samples[at - 1] > took; at--) samples[at] = samples[at - 1];
    samples[at] = took;
  }
  pthread_join(thread, NULL);
  shim_lock_release(&one_at_a_time);
  return atomic_load(&echo.processors) == 1 ? 0 : (double)samples[MEASURE_ROUNDS / 2] / 2;
}

void shim_lock_take(shim_lock *lock) {
  uint32_t state = 0;
  if (atomic_compare_exchange_strong(&lock->word, &state, 1)) return;
  while (atomic_exchange(&lock->word, 2) != 0) futex_wait(&lock->word, 2, -1);
}

void shim_lock_release(shim_lock *lock) {
  if (atomic_exchange(&lock->word, 0) == 2) futex_wake(&lock->word, 1);
}
