/* Awaiting a futex word as futex(2) means it: whoever awaits stands in the kernel's queue of the word, and nobody else.
 *
 * The waiting engine (engine.c) sleeps on words whether or not somebody awaits them, which suits eventcounts, where all
 * are woken. Here FUTEX_WAKE(1) must reach one who waits, also when the value has not changed, and must count nobody
 * else. So each wait is an entry of its own in a futex_waitv, from its beginning to its end.
 *
 * futex_waitv tells the LAST of the entries that were woken. The first sixty-four waits of a process therefore have a
 * thread each, and are told exactly. Beyond that a thread holds up to 127 of them, and what stands before a woken entry
 * is woken too: futex(2) allows a wake-up without cause, and forbids a lost one. Entry 0 is the thread's own control
 * word; when that alone was woken, nothing else was. It is woken when a wait comes or goes, and until the thread sleeps
 * again its other waits are in no queue: a wake-up of then finds nobody, and a value that has changed is seen. */
#include "internal.h"

#include <linux/futex.h>
#include <stdlib.h>

#define LONE_THREADS 64
#define THREADS_MAX 320
#define WAITS_PER_THREAD 127 /* FUTEX_WAITV_MAX less the control word */
#define WAITV_32_BIT 2u

enum outcome { WAITS, WOKEN, DIFFERED, LOST }; /* src/wait/futex_wait.ts knows the numbers */

struct futex_await {
  struct notice notice;
  futex_word *word;
  uint32_t expected;
  enum outcome outcome;
  uint64_t serial;
  struct stand *stand;
  struct futex_await *next_settled;
};

struct stand { /* one thread */
  shim_lock lock;
  futex_word control;
  futex_word looks; /* how often it has been in no queue */
  uint32_t limit, count;
  struct futex_await *waits[WAITS_PER_THREAD];
  struct futex_await *settled; /* with an outcome that nobody has read */
  bool owes; /* a wait has left, and a wake-up that reaches it before the thread looks is to be passed on */
};

struct sight { /* what a thread has gone to sleep on: the waits themselves may be gone when it wakes */
  struct waiter waiters[WAITS_PER_THREAD + 1];
  uint64_t serials[WAITS_PER_THREAD + 1];
  uint32_t count;
};

static struct stand *stands[THREADS_MAX];
static uint32_t stand_count;
static shim_lock stands_lock;
static uint64_t last_serial; /* under stands_lock */

/* -- the threads; all below with the stand's lock held, but the sleep ------------------------------------------ */

static void look(struct stand *stand, struct sight *sight) {
  sight->waiters[0] = (struct waiter){atomic_load(&stand->control), (uintptr_t)&stand->control, WAITV_32_BIT, 0};
  for (uint32_t i = 0; i < stand->count; i++) {
    struct futex_await *wait = stand->waits[i];
    sight->waiters[i + 1] = (struct waiter){wait->expected, (uintptr_t)wait->word, WAITV_32_BIT, 0};
    sight->serials[i + 1] = wait->serial;
  }
  sight->count = stand->count + 1;
}

static void leave(struct stand *stand, struct futex_await *wait) {
  for (uint32_t i = 0; i < stand->count; i++)
    if (stand->waits[i] == wait) stand->waits[i] = stand->waits[--stand->count];
}

static void settle(struct futex_await *wait, enum outcome outcome) {
  struct stand *stand = wait->stand;
  leave(stand, wait);
  wait->outcome = outcome;
  wait->next_settled = stand->settled;
  stand->settled = wait;
  notice_post(&wait->notice);
}

static void unsettle(struct stand *stand, const struct futex_await *wait) {
  struct futex_await **at = &stand->settled;
  while (*at && *at != wait) at = &(*at)->next_settled;
  if (*at) *at = wait->next_settled;
}

static void on_woken(struct stand *stand, const struct sight *sight, uint32_t last) {
  for (uint32_t i = 1; i <= last; i++) {
    struct futex_await *wait = NULL;
    for (uint32_t k = 0; k < stand->count; k++)
      if (stand->waits[k]->serial == sight->serials[i]) wait = stand->waits[k];
    if (wait)
      settle(wait, WOKEN);
    else /* its caller left while it slept: the wake-up belongs to another one */
      futex_wake((futex_word *)(uintptr_t)sight->waiters[i].address, 1);
  }
}

static void on_differed(struct stand *stand) {
  for (uint32_t i = stand->count; i-- > 0;)
    if (atomic_load(stand->waits[i]->word) != stand->waits[i]->expected) settle(stand->waits[i], DIFFERED);
}

static void on_lost(struct stand *stand) {
  while (stand->count > 0) settle(stand->waits[0], LOST);
}

static void *stand_main(void *argument) {
  struct stand *stand = argument;
  struct sight sight;
  int32_t result = 0;
  for (;;) {
    shim_lock_take(&stand->lock);
    if (result > 0) on_woken(stand, &sight, (uint32_t)result);
    if (result == -EAGAIN || result == -EINTR) on_differed(stand);
    if (result == -EFAULT && stand->count + 1 == sight.count) on_lost(stand); /* else one was unmapped after it left */
    look(stand, &sight);
    stand->owes = false;
    atomic_fetch_add(&stand->looks, 1);
    shim_lock_release(&stand->lock);
    futex_wake(&stand->looks, INT32_MAX);
    result = futex_waitv(sight.waiters, sight.count, -1);
  }
  return NULL;
}

/* -- waits ----------------------------------------------------------------------------------------------------- */

static void rouse(struct stand *stand) {
  atomic_fetch_add(&stand->control, 1);
  futex_wake(&stand->control, 1);
}

/* With stands_lock held. */
static int32_t add_stand(void) {
  if (stand_count == THREADS_MAX) return -ENOSPC;
  struct stand *stand = calloc(1, sizeof *stand);
  if (!stand) return -ENOMEM;
  stand->limit = stand_count < LONE_THREADS ? 1 : WAITS_PER_THREAD;
  int32_t result = start_thread(stand_main, stand);
  if (result < 0)
    free(stand);
  else
    stands[stand_count++] = stand;
  return result;
}

static bool place(struct stand *stand, struct futex_await *wait) {
  shim_lock_take(&stand->lock);
  bool room = stand->count < stand->limit;
  if (room) {
    wait->stand = stand;
    stand->waits[stand->count++] = wait;
  }
  shim_lock_release(&stand->lock);
  if (room) rouse(stand);
  return room;
}

static int32_t place_somewhere(struct futex_await *wait) {
  shim_lock_take(&stands_lock);
  wait->serial = ++last_serial;
  int32_t result = 0;
  for (uint32_t i = 0;; i++) {
    if (i == stand_count && (result = add_stand()) < 0) break;
    if (place(stands[i], wait)) break;
  }
  shim_lock_release(&stands_lock);
  return result;
}

/* Begins to await a wake-up of the word while it holds `expected`; `id` is what lipc_watch_take will say, once.
 * The wait's address, to be given to lipc_futex_leave, or -errno. */
LIPC_EXPORT double lipc_futex_await(double word, double expected, double id, double environment) {
  struct futex_await *wait = calloc(1, sizeof *wait);
  if (!wait) return -ENOMEM;
  wait->notice.environment = POINTER(environment);
  wait->notice.id = (int32_t)id;
  wait->word = POINTER(word);
  wait->expected = WORD(expected);
  int32_t result = place_somewhere(wait);
  if (result == 0) return (double)(uintptr_t)wait;
  free(wait);
  return result;
}

/* The thread sleeps on what is there now: what has left is in no queue, and a wake-up that reached it was passed on. */
static void await_look(struct stand *stand, uint32_t looks) {
  while (atomic_load(&stand->looks) == looks) futex_wait(&stand->looks, looks, -1);
}

/* Ends a wait and frees it. 0 it was still waiting; 1 it had been woken; 2 the word held another value; 3 the word had
 * been unmapped. After it nothing touches the word but, perhaps, a wake-up that is passed on: before the memory goes,
 * lipc_futex_pass_on waits for that. */
LIPC_EXPORT int32_t lipc_futex_leave(double handle) {
  struct futex_await *wait = POINTER(handle);
  struct stand *stand = wait->stand;
  shim_lock_take(&stand->lock);
  enum outcome outcome = wait->outcome;
  if (outcome == WAITS) {
    leave(stand, wait);
    stand->owes = true;
  } else {
    unsettle(stand, wait);
  }
  shim_lock_release(&stand->lock);
  notice_drop(&wait->notice);
  if (outcome == WAITS) rouse(stand);
  free(wait);
  return (int32_t)outcome;
}

/* Waits until what has reached the waits that left before has been passed on. */
LIPC_EXPORT int32_t lipc_futex_pass_on(void) {
  shim_lock_take(&stands_lock);
  uint32_t count = stand_count;
  shim_lock_release(&stands_lock);
  for (uint32_t i = 0; i < count; i++) {
    shim_lock_take(&stands[i]->lock);
    bool owes = stands[i]->owes;
    uint32_t looks = atomic_load(&stands[i]->looks);
    shim_lock_release(&stands[i]->lock);
    if (owes) await_look(stands[i], looks);
  }
  return 0;
}

/* With the stand's lock held. A wake-up that nobody will hear of belongs to another one. */
static void forget_settled(struct stand *stand, const struct environment *environment) {
  for (struct futex_await **at = &stand->settled; *at;) {
    struct futex_await *wait = *at;
    if (wait->notice.environment != environment) {
      at = &wait->next_settled;
      continue;
    }
    *at = wait->next_settled;
    notice_drop(&wait->notice);
    if (wait->outcome == WOKEN) futex_wake(wait->word, 1);
    free(wait);
  }
}

/* An environment ends: its waits go with it. */
void futex_await_forget(struct environment *environment) {
  shim_lock_take(&stands_lock);
  for (uint32_t i = 0; i < stand_count; i++) {
    shim_lock_take(&stands[i]->lock);
    for (uint32_t k = stands[i]->count; k-- > 0;) {
      struct futex_await *wait = stands[i]->waits[k];
      if (wait->notice.environment != environment) continue;
      leave(stands[i], wait);
      free(wait);
    }
    forget_settled(stands[i], environment);
    shim_lock_release(&stands[i]->lock);
    rouse(stands[i]);
  }
  shim_lock_release(&stands_lock);
}
