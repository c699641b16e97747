/* The watchdog: one thread that comes up now and then for a look at all that is awaited, because two wake-ups may be lost.
 *
 * Of those who wait for a death the kernel wakes one, who wakes the rest: unless that one is stopped, or was killed too.
 * And whoever changes a word that nobody owns (an event, a counting semaphore) may be killed before it wakes anybody.
 * While nothing is awaited it sleeps without an end, but only after a whole slice: who awaits again and again need not
 * wake it each time.
 *
 * SYNC pace: the watchdog stores IDLE, then loads what is armed; whoever arms stores that, then loads the pace. Both are
 * sequentially consistent, so one of them sees the other. */
#include "internal.h"

static const double slices_ns[] = {[WATCH_WORDS] = 1e9, [WATCH_LIVES] = 250e6};

static shim_lock start_lock;
static bool has_started; /* under start_lock */
static futex_word call;
static _Atomic uint32_t pace = WATCH_NOTHING;

static void *watchdog_main(void *unused) {
  (void)unused;
  for (bool has_slept = false;;) {
    uint32_t heard = atomic_load(&call);
    atomic_store(&pace, WATCH_NOTHING);
    enum watched found = engine_survey();
    if (found == WATCH_NOTHING && !has_slept) found = WATCH_WORDS;
    atomic_store(&pace, found);
    double until = found == WATCH_NOTHING ? -1 : (double)now_ns() + slices_ns[found];
    has_slept = futex_wait(&call, heard, until) == -ETIMEDOUT;
  }
  return NULL;
}

/* Starts the thread, once per process. */
int32_t watchdog_start(void) {
  shim_lock_take(&start_lock);
  int32_t result = has_started ? 0 : start_thread(watchdog_main, NULL);
  if (result == 0) has_started = true;
  shim_lock_release(&start_lock);
  return result;
}

/* Something has been armed: the watchdog must come up often enough for it. */
void watchdog_call(enum watched armed) {
  if (atomic_load(&pace) >= armed) return;
  atomic_fetch_add(&call, 1);
  futex_wake(&call, 1);
}
