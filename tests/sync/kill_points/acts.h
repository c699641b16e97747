/* What the C victim does in each scene, on include/linux_ipc.h. */
#ifndef ACTS_H
#define ACTS_H

#include "linux_ipc.h"

#include <stdlib.h>

#define SEATS 2 /* owned permits of a semaphore */
#define IN_VAIN 1000000

enum { BEFORE, ACTING, HOLDING, BEHIND };

/* Shared by the victim and who steps it. */
static volatile int32_t *where;

static struct linux_ipc ipc;
static void *object;

#define MUTEX ((struct linux_ipc_mutex *)object)
#define RWLOCK ((struct linux_ipc_rwlock *)object)
#define SEMAPHORE ((struct linux_ipc_semaphore *)object)
#define BARRIER ((struct linux_ipc_barrier *)object)
#define ONCE ((struct linux_ipc_once *)object)

static void at(int32_t place) { __atomic_store_n(where, place, __ATOMIC_SEQ_CST); }

/* In certain possession, for an instruction or two. */
static void hold(void) {
  at(HOLDING);
  at(ACTING);
}

static pid_t victim;

static void require(int yes) {
  if (yes) return;
  if (victim > 0) kill(victim, SIGKILL); /* it has our output, too */
  exit(3);
}

/* -- what is done to a mutex, and to a condition ------------------------------------------------------------------- */

static void lock(void) { require(linux_ipc_mutex_lock(&ipc, MUTEX, -1) >= 0); }

static void unlock(void) {
  hold();
  if (MUTEX->state == LINUX_IPC_SUSPECT) linux_ipc_mutex_repaired(MUTEX);
  linux_ipc_mutex_unlock(&ipc, MUTEX);
}

static void lock_and_unlock(void) {
  lock();
  unlock();
}

static void lock_in_vain(void) { require(linux_ipc_mutex_lock(&ipc, MUTEX, IN_VAIN) == -ETIMEDOUT); }

static void give_up(void) {
  lock();
  linux_ipc_mutex_unrecoverable(&ipc, MUTEX, "beyond repair");
}

static void notify(void) { linux_ipc_condition_notify_all((struct linux_ipc_condition *)object); }

/* -- to a reader-writer lock --------------------------------------------------------------------------------------- */

static void write_lock(void) { require(linux_ipc_rwlock_write(&ipc, RWLOCK, -1) >= 0); }
static void read_lock(void) { require(linux_ipc_rwlock_read(&ipc, RWLOCK, -1) >= 0); }

static void leave(void) {
  hold();
  if (RWLOCK->writer.state == LINUX_IPC_SUSPECT) linux_ipc_rwlock_repaired(RWLOCK);
  linux_ipc_rwlock_unlock(&ipc, RWLOCK);
}

static void write_and_leave(void) {
  write_lock();
  leave();
}

static void read_and_leave(void) {
  read_lock();
  leave();
}

static void upgrade_and_leave(void) {
  read_lock();
  require(linux_ipc_rwlock_upgrade(&ipc, RWLOCK, -1) == 0);
  leave();
}

static void downgrade(void) {
  require(linux_ipc_rwlock_downgrade(&ipc, RWLOCK) == 0);
  leave();
}

static void downgrade_and_leave(void) {
  write_lock();
  downgrade();
}

static void write_and_give_up(void) {
  write_lock();
  linux_ipc_rwlock_unrecoverable(&ipc, RWLOCK, "beyond repair");
}

/* -- to what is no lock --------------------------------------------------------------------------------------------- */

static void sit(void) {
  for (int seat = 0; seat < SEATS; seat++) require(linux_ipc_semaphore_try(&ipc, SEMAPHORE) == 0);
}
static void rise(void) { linux_ipc_semaphore_release(&ipc, SEMAPHORE, SEATS); }
static void give(void) { linux_ipc_semaphore_release(&ipc, SEMAPHORE, 1); }
static void take(void) { require(linux_ipc_semaphore_try(&ipc, SEMAPHORE) == 0); }

static void sit_and_rise(void) {
  sit();
  rise();
}

static void set(void) { linux_ipc_event_set((struct linux_ipc_event *)object); }
static void pass(void) { require(linux_ipc_event_try((struct linux_ipc_event *)object) == 0); }

static void begin(void) { require(linux_ipc_once_begin(&ipc, ONCE, -1) == LINUX_IPC_YOURS); }

static void run(void) {
  begin();
  hold();
  linux_ipc_once_finish(&ipc, ONCE);
}

static void join(void) { linux_ipc_barrier_join(&ipc, BARRIER); }
static void arrive(void) { require(linux_ipc_barrier_arrive(&ipc, BARRIER, -1) > 0); }
static void go(void) { linux_ipc_barrier_leave(&ipc, BARRIER); }

/* As in TypeScript: what one that dies before does, what cannot be killed, and what can. Not here: waits that look at all
 * slots a hundred times before they sleep. */
static const struct scene {
  const char *title, *kind;
  void (*first)(void), (*prepare)(void), (*act)(void);
} scenes[] = {
    {"Mutex: lock and unlock", LINUX_IPC_MUTEX, NULL, NULL, lock_and_unlock},
    {"Mutex: unlock while others wait", LINUX_IPC_MUTEX, NULL, lock, unlock},
    {"Mutex: a wait that ends in vain", LINUX_IPC_MUTEX, NULL, NULL, lock_in_vain},
    {"Mutex: recovery, repair and unlock", LINUX_IPC_MUTEX, lock, NULL, lock_and_unlock},
    {"Mutex: recovery that gives up", LINUX_IPC_MUTEX, lock, NULL, give_up},
    {"Condition: notifyAll while others wait", LINUX_IPC_CONDITION, NULL, NULL, notify},
    {"RwLock: write and unlock", LINUX_IPC_RWLOCK, NULL, NULL, write_and_leave},
    {"RwLock: read and unlock", LINUX_IPC_RWLOCK, NULL, NULL, read_and_leave},
    {"RwLock: read, upgrade and unlock", LINUX_IPC_RWLOCK, NULL, NULL, upgrade_and_leave},
    {"RwLock: write, downgrade and unlock", LINUX_IPC_RWLOCK, NULL, NULL, downgrade_and_leave},
    {"RwLock: recovery by a writer", LINUX_IPC_RWLOCK, write_lock, NULL, write_and_leave},
    {"RwLock: recovery by a reader", LINUX_IPC_RWLOCK, write_lock, NULL, read_and_leave},
    {"RwLock: recovery that gives up", LINUX_IPC_RWLOCK, write_lock, NULL, write_and_give_up},
    {"RwLock: unlock of a writer while others wait", LINUX_IPC_RWLOCK, NULL, write_lock, leave},
    {"RwLock: unlock of a writer while others wait, readers preferred", LINUX_IPC_RWLOCK, NULL, write_lock, leave},
    {"RwLock: downgrade of a writer while others wait", LINUX_IPC_RWLOCK, NULL, write_lock, downgrade},
    {"RwLock: downgrade of a writer while others wait, readers preferred", LINUX_IPC_RWLOCK, NULL, write_lock, downgrade},
    {"RwLock: unlock of a reader while others wait", LINUX_IPC_RWLOCK, NULL, read_lock, leave},
    {"Semaphore: owned permits, taken and released", LINUX_IPC_SEMAPHORE, NULL, NULL, sit_and_rise},
    {"Semaphore: owned permits of a dead one, taken and released", LINUX_IPC_SEMAPHORE, sit, NULL, sit_and_rise},
    {"Semaphore: owned permits, released while others wait", LINUX_IPC_SEMAPHORE, NULL, sit, rise},
    {"Semaphore: counted permits, released while somebody waits", LINUX_IPC_SEMAPHORE, NULL, NULL, give},
    {"Semaphore: a counted permit, taken", LINUX_IPC_SEMAPHORE, NULL, NULL, take},
    {"Event: set while others wait", LINUX_IPC_EVENT, NULL, NULL, set},
    {"Event: a turnstile, passed", LINUX_IPC_EVENT, NULL, set, pass},
    {"Once: run", LINUX_IPC_ONCE, NULL, NULL, run},
    {"Once: run behind a dead one", LINUX_IPC_ONCE, begin, NULL, run},
    {"Barrier: arrive last", LINUX_IPC_BARRIER, NULL, join, arrive},
    {"Barrier: leave while others wait", LINUX_IPC_BARRIER, NULL, join, go},
};
#define SCENES (int)(sizeof scenes / sizeof *scenes)

#endif
