/* The waiting engine: threads asleep in the kernel that turn futex wake-ups into wake-ups of event loops.
 *
 * A watch is one word that some environment may await. It stays registered while its object is open, so that awaiting
 * costs no system call: JavaScript arms the watch with the value it has seen, and the engine thread, which sleeps on
 * the word whatever its value is, fires the watch once the word differs. One futex_waitv holds 128 words: the first is
 * the thread's own control word, and further threads are started for further words. The first thread also carries the
 * robust list that proves this process alive (participant.c).
 *
 * What no wake-up tells, the watchdog finds (watchdog.c).
 *
 * SYNC watch: arming stores `armed`, then loads the word; a notifier stores the word, then wakes, then the engine loads
 * `armed`. Both are sequentially consistent, so one of them sees the other. */
#include "internal.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORDS_PER_THREAD 127 /* FUTEX_WAITV_MAX less the control word */
#define THREADS_MAX 256
#define WAITV_32_BIT 2u

struct watch {
  struct notice notice;
  futex_word *word;
  _Atomic uint32_t armed;
  _Atomic uint32_t expected;
  _Atomic uint32_t generation; /* of a life word's slot: a successor may run on the same thread, with the same value */
  struct participant *participant; /* of whose table the word is a life word; NULL = it is none */
  struct sleeper *sleeper;
};

struct sleeper { /* one engine thread */
  shim_lock lock;
  futex_word control;
  uint32_t count;
  struct watch *watches[WORDS_PER_THREAD];
};

static struct sleeper *sleepers[THREADS_MAX];
static uint32_t sleeper_count;
static shim_lock engine_lock;
static _Atomic int32_t robust_thread; /* id of the first thread; 0 = not started */
static _Atomic bool robust;
static struct robust_list_head robust_head;
static shim_lock robust_lock;

/* -- firing -------------------------------------------------------------------------------------------------- */

/* Tells the watch's environment, once per arming. */
static bool fire(struct watch *watch) {
  uint32_t one = 1;
  if (!atomic_compare_exchange_strong(&watch->armed, &one, 0)) return false;
  notice_post(&watch->notice);
  return true;
}

static bool has_changed(struct watch *watch, uint32_t value) {
  if (value != atomic_load(&watch->expected)) return true;
  return watch->participant && atomic_load(watch->word + 1) != atomic_load(&watch->generation);
}

/* What the word holds; fires the watch if that is not what it was armed with. With the sleeper's lock held: a watch that
 * has been removed is never touched again. */
static uint32_t inspect(struct watch *watch, bool *has_fired) {
  if (watch->participant && atomic_load(&watch->armed)) life_pass_on(watch->word);
  uint32_t value = atomic_load(watch->word);
  if (atomic_load(&watch->armed) && has_changed(watch, value) && fire(watch)) *has_fired = true;
  return value;
}

/* Inspects all and notes what to sleep on; how many words that are. A life word is slept on only while it is armed: the
 * kernel wakes one waiter of a dead owner, and one who does not care would keep the news to itself. */
static uint32_t look(struct sleeper *sleeper, struct waiter *waiters, bool *has_fired) {
  shim_lock_take(&sleeper->lock);
  waiters[0] = (struct waiter){atomic_load(&sleeper->control), (uintptr_t)&sleeper->control, WAITV_32_BIT, 0};
  uint32_t count = 1;
  for (uint32_t i = 0; i < sleeper->count; i++) {
    struct watch *watch = sleeper->watches[i];
    uint32_t value = inspect(watch, has_fired);
    if (watch->participant && !atomic_load(&watch->armed)) continue;
    waiters[count++] = (struct waiter){value, (uintptr_t)watch->word, WAITV_32_BIT, 0};
  }
  shim_lock_release(&sleeper->lock);
  return count;
}

static void become_robust(void) {
  robust_head.list.next = &robust_head.list;
  robust_head.futex_offset = LIFE_OFFSET;
  atomic_store(&robust, syscall(SYS_set_robust_list, &robust_head, sizeof robust_head) == 0);
  atomic_store(&robust_thread, (int32_t)syscall(SYS_gettid));
  futex_wake((futex_word *)&robust_thread, INT32_MAX);
}

static void *sleeper_main(void *argument) {
  struct sleeper *sleeper = argument;
  struct waiter waiters[WORDS_PER_THREAD + 1];
  if (sleeper == sleepers[0]) become_robust();
  for (;;) {
    bool has_fired = false;
    uint32_t count = look(sleeper, waiters, &has_fired);
    if (has_fired) syscall(SYS_sched_yield); /* the event loop's thread may wait for this very processor */
    futex_waitv(waiters, count, -1);
  }
  return NULL;
}

/* -- starting ------------------------------------------------------------------------------------------------ */

/* A thread of the shim's own. Signals belong to the runtime's threads; only the faults of our own instructions stay
 * deliverable. */
int32_t start_thread(void *(*run)(void *), void *argument) {
  sigset_t all, before;
  sigfillset(&all);
  sigdelset(&all, SIGBUS);
  sigdelset(&all, SIGSEGV);
  pthread_t thread;
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(&thread, NULL, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error) return -error;
  pthread_detach(thread);
  return 0;
}

/* With engine_lock held. */
static int32_t add_sleeper(void) {
  if (sleeper_count == THREADS_MAX) return -ENOSPC;
  struct sleeper *sleeper = calloc(1, sizeof *sleeper);
  if (!sleeper) return -ENOMEM;
  sleepers[sleeper_count] = sleeper;
  int32_t result = start_thread(sleeper_main, sleeper);
  if (result < 0)
    free(sleeper);
  else
    sleeper_count++;
  return result;
}

/* Starts the first thread, once per process, and waits until it is known to the kernel as robust. */
int32_t engine_start(void) {
  shim_lock_take(&engine_lock);
  int32_t result = sleeper_count == 0 ? add_sleeper() : 0;
  shim_lock_release(&engine_lock);
  while (result == 0 && atomic_load(&robust_thread) == 0) futex_wait((futex_word *)&robust_thread, 0, -1);
  return result;
}

int32_t engine_thread_id(void) { return atomic_load(&robust_thread); }
bool engine_is_robust(void) { return atomic_load(&robust); }

/* -- robust list: edited by any thread, walked by the kernel at any instant, so each edit is one store ------- */

void engine_robust_add(struct robust_entry *entry) {
  shim_lock_take(&robust_lock);
  entry->next = (struct robust_entry *)robust_head.list.next;
  atomic_thread_fence(memory_order_seq_cst);
  robust_head.list.next = (struct robust_list *)entry;
  shim_lock_release(&robust_lock);
}

void engine_robust_remove(struct robust_entry *entry) {
  shim_lock_take(&robust_lock);
  struct robust_entry *at = (struct robust_entry *)&robust_head.list;
  while (at->next != entry && at->next != (struct robust_entry *)&robust_head.list) at = at->next;
  if (at->next == entry) at->next = entry->next;
  shim_lock_release(&robust_lock);
}

/* -- watches ------------------------------------------------------------------------------------------------- */

static void rouse(struct sleeper *sleeper) {
  atomic_fetch_add(&sleeper->control, 1);
  futex_wake(&sleeper->control, 1);
}

static bool place(struct sleeper *sleeper, struct watch *watch) {
  shim_lock_take(&sleeper->lock);
  bool room = sleeper->count < WORDS_PER_THREAD;
  if (room) {
    watch->sleeper = sleeper;
    sleeper->watches[sleeper->count++] = watch;
  }
  shim_lock_release(&sleeper->lock);
  if (room) rouse(sleeper);
  return room;
}

static int32_t place_somewhere(struct watch *watch) {
  shim_lock_take(&engine_lock);
  int32_t result = 0;
  for (uint32_t i = 0;; i++) {
    if (i == sleeper_count && (result = add_sleeper()) < 0) break;
    if (place(sleepers[i], watch)) break;
  }
  shim_lock_release(&engine_lock);
  return result;
}

/* -- the watchdog's look --------------------------------------------------------------------------------------- */

/* Inspects what one thread watches, and raises `found` to what is armed there. Of lives the locks are asked, too. */
static void survey(struct sleeper *sleeper, uint32_t round, enum watched *found) {
  bool has_fired = false;
  shim_lock_take(&sleeper->lock);
  for (uint32_t i = 0; i < sleeper->count; i++) {
    struct watch *watch = sleeper->watches[i];
    if (watch->participant && atomic_load(&watch->armed)) participant_bury(watch->participant, round);
    inspect(watch, &has_fired);
    enum watched armed = !atomic_load(&watch->armed) ? WATCH_NOTHING : watch->participant ? WATCH_LIVES : WATCH_WORDS;
    if (armed > *found) *found = armed;
  }
  shim_lock_release(&sleeper->lock);
  if (has_fired) rouse(sleeper); /* it may sleep on a life word that nobody awaits any more */
}

/* Inspects all that is watched by this process; what of it is still awaited. */
enum watched engine_survey(void) {
  static uint32_t round; /* the watchdog's */
  enum watched found = WATCH_NOTHING;
  shim_lock_take(&engine_lock);
  uint32_t count = sleeper_count;
  shim_lock_release(&engine_lock);
  round++;
  for (uint32_t i = 0; i < count; i++) survey(sleepers[i], round, &found);
  return found;
}

/* Registers a word for `environment`; `id` is what lipc_watch_take will say; `participant`: who has joined the table of whose
 * lives it is one, 1 if nobody here has, 0 for other words. The watch's address, or -errno. */
LIPC_EXPORT double lipc_watch_add(double word, double participant, double id, double environment) {
  int32_t result = engine_start();
  if (result == 0) result = watchdog_start();
  if (result < 0) return result;
  struct watch *watch = calloc(1, sizeof *watch);
  if (!watch) return -ENOMEM;
  watch->word = POINTER(word);
  watch->participant = POINTER(participant);
  watch->notice.id = (int32_t)id;
  watch->notice.environment = POINTER(environment);
  result = place_somewhere(watch);
  if (result < 0) {
    free(watch);
    return result;
  }
  return (double)(uintptr_t)watch;
}

/* Asks to be told once when the word is no longer `expected`. 1 = it differs already and nothing will be told.
 * For a life word pass what it holds: the flag that makes the kernel wake us is added here. */
LIPC_EXPORT int32_t lipc_watch_arm(double handle, double expected) {
  struct watch *watch = POINTER(handle);
  uint32_t value = watch->participant ? life_announce(watch->word) : WORD(expected);
  if (watch->participant && value & FUTEX_OWNER_DIED) return 1;
  atomic_store(&watch->expected, value);
  if (watch->participant) atomic_store(&watch->generation, atomic_load(watch->word + 1));
  bool was_armed = atomic_exchange(&watch->armed, 1);
  /* An engine between its look and its sleep would sleep on a word that has left its value and come back to it: lock
   * words do, with our arming between. Its control word has changed now, so it looks again. One that sleeps is woken by
   * the word itself, but for a life word that was not armed: it does not sleep on that. */
  atomic_fetch_add(&watch->sleeper->control, 1);
  if (watch->participant && !was_armed) futex_wake(&watch->sleeper->control, 1);
  watchdog_call(watch->participant ? WATCH_LIVES : WATCH_WORDS);
  if (atomic_load(watch->word) == value) return 0;
  uint32_t one = 1;
  bool is_ours = atomic_compare_exchange_strong(&watch->armed, &one, 0);
  if (watch->participant && is_ours) rouse(watch->sleeper); /* it may sleep on the word by now, and would keep the news */
  return is_ours; /* if not, the engine was faster and tells */
}

/* With the sleeper's lock held. */
static void displace(struct sleeper *sleeper, struct watch *watch) {
  for (uint32_t i = 0; i < sleeper->count; i++)
    if (sleeper->watches[i] == watch) sleeper->watches[i] = sleeper->watches[--sleeper->count];
}

/* Unregisters: after this the engine does not touch the word, which may be unmapped. */
LIPC_EXPORT int32_t lipc_watch_remove(double handle) {
  struct watch *watch = POINTER(handle);
  struct sleeper *sleeper = watch->sleeper;
  shim_lock_take(&sleeper->lock);
  displace(sleeper, watch);
  shim_lock_release(&sleeper->lock);
  notice_drop(&watch->notice);
  rouse(sleeper);
  free(watch);
  return 0;
}

/* An environment ends (a Worker is terminated): its watches go with it. */
void engine_forget(struct environment *environment) {
  shim_lock_take(&engine_lock);
  for (uint32_t i = 0; i < sleeper_count; i++) {
    struct sleeper *sleeper = sleepers[i];
    shim_lock_take(&sleeper->lock);
    for (uint32_t k = sleeper->count; k-- > 0;) {
      struct watch *watch = sleeper->watches[k];
      if (watch->notice.environment != environment) continue;
      displace(sleeper, watch);
      notice_drop(&watch->notice);
      free(watch);
    }
    shim_lock_release(&sleeper->lock);
    rouse(sleeper);
  }
  shim_lock_release(&engine_lock);
}
