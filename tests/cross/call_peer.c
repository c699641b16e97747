/* The C peer of the lock tests: KIND NAME [OFFSET]. Answers each line "call number" by the result, on include/linux_ipc.h.
 *
 * Numbers are milliseconds (negative = for ever), or counts. With OFFSET the object lies there in a memory whose start is
 * the table of participants; the mutex of a condition lies behind it, or has its name and "-m". */
#include "linux_ipc.h"

#include <stdlib.h>

static struct linux_ipc ipc, of_mutex;
static void *object;
static struct linux_ipc_mutex *mutex_of_condition;

static int64_t ns(long ms) { return ms < 0 ? -1 : (int64_t)ms * 1000000; }
static int is(const char *what, const char *name) { return strcmp(what, name) == 0; }

#define NO_SUCH_CALL 9999

static int32_t call_any_mutex(struct linux_ipc *own, struct linux_ipc_mutex *mutex, const char *what, long number) {
  if (is(what, "try")) return linux_ipc_mutex_try(own, mutex);
  if (is(what, "lock")) return linux_ipc_mutex_lock(own, mutex, ns(number));
  if (is(what, "unlock")) return linux_ipc_mutex_unlock(own, mutex);
  if (is(what, "give-up")) return linux_ipc_mutex_unrecoverable(own, mutex, "C gave it up");
  if (is(what, "dead")) return mutex->dead_pid;
  if (!is(what, "repaired")) return NO_SUCH_CALL;
  linux_ipc_mutex_repaired(mutex);
  return 0;
}

static int32_t call_mutex(const char *what, long number) {
  return call_any_mutex(&ipc, (struct linux_ipc_mutex *)object, what, number);
}

static int32_t call_condition(const char *what, long number) {
  struct linux_ipc_condition *condition = (struct linux_ipc_condition *)object;
  if (is(what, "wait")) return linux_ipc_condition_wait(&of_mutex, condition, mutex_of_condition, ns(number));
  if (!is(what, "notify")) return call_any_mutex(&of_mutex, mutex_of_condition, what, number);
  linux_ipc_condition_notify_all(condition);
  return 0;
}

static int32_t call_rwlock(const char *what, long number) {
  struct linux_ipc_rwlock *lock = (struct linux_ipc_rwlock *)object;
  if (is(what, "try-read")) return linux_ipc_rwlock_try_read(&ipc, lock);
  if (is(what, "read")) return linux_ipc_rwlock_read(&ipc, lock, ns(number));
  if (is(what, "try-write")) return linux_ipc_rwlock_try_write(&ipc, lock);
  if (is(what, "write")) return linux_ipc_rwlock_write(&ipc, lock, ns(number));
  if (is(what, "upgrade")) return linux_ipc_rwlock_upgrade(&ipc, lock, ns(number));
  if (is(what, "downgrade")) return linux_ipc_rwlock_downgrade(&ipc, lock);
  if (is(what, "unlock")) return linux_ipc_rwlock_unlock(&ipc, lock);
  if (is(what, "give-up")) return linux_ipc_rwlock_unrecoverable(&ipc, lock, "C gave it up");
  if (is(what, "dead")) return lock->writer.dead_pid;
  if (!is(what, "repaired")) return NO_SUCH_CALL;
  linux_ipc_rwlock_repaired(lock);
  return 0;
}

static int32_t call_semaphore(const char *what, long number) {
  struct linux_ipc_semaphore *semaphore = (struct linux_ipc_semaphore *)object;
  if (is(what, "release")) return linux_ipc_semaphore_release(&ipc, semaphore, (int32_t)number);
  if (is(what, "try")) return linux_ipc_semaphore_try(&ipc, semaphore);
  return is(what, "acquire") ? linux_ipc_semaphore_acquire(&ipc, semaphore, ns(number)) : NO_SUCH_CALL;
}

static int32_t call_event(const char *what, long number) {
  struct linux_ipc_event *event = (struct linux_ipc_event *)object;
  if (is(what, "wait")) return linux_ipc_event_wait(event, ns(number));
  if (is(what, "set")) linux_ipc_event_set(event);
  else if (is(what, "reset")) linux_ipc_event_reset(event);
  else return NO_SUCH_CALL;
  return 0;
}

/* What it makes stands behind the object; of 0 it cannot be made. */
static int32_t initialise(void *number) {
  int32_t made = (int32_t) * (long *)number;
  if (made == 0) return -EIO;
  *(int32_t *)(void *)((struct linux_ipc_once *)object + 1) = made;
  return 0;
}

static int32_t call_once(const char *what, long number) {
  struct linux_ipc_once *once = (struct linux_ipc_once *)object;
  if (is(what, "try")) return linux_ipc_once_try(&ipc, once);
  if (is(what, "begin")) return linux_ipc_once_begin(&ipc, once, ns(number));
  if (is(what, "finish")) return linux_ipc_once_finish(&ipc, once);
  if (is(what, "give-up")) return linux_ipc_once_give_up(&ipc, once);
  if (is(what, "run")) return linux_ipc_once_run(&ipc, once, initialise, &number, -1);
  return is(what, "is-done") ? linux_ipc_once_is_done(once) : NO_SUCH_CALL;
}

static int32_t call_barrier(const char *what, long number) {
  struct linux_ipc_barrier *barrier = (struct linux_ipc_barrier *)object;
  if (is(what, "arrive")) return linux_ipc_barrier_arrive(&ipc, barrier, ns(number));
  if (is(what, "join")) linux_ipc_barrier_join(&ipc, barrier);
  else if (is(what, "leave")) linux_ipc_barrier_leave(&ipc, barrier);
  else return NO_SUCH_CALL;
  return 0;
}

/* Waits for another value than 0. */
static int32_t call_futex(const char *what, long number) {
  uint32_t *word = (uint32_t *)object;
  if (is(what, "wait")) return linux_ipc_futex_wait(word, 0, ns(number));
  if (is(what, "wake")) return linux_ipc_futex_wake(word, (int32_t)number);
  if (is(what, "try")) return linux_ipc_futex_lock_try(word);
  if (is(what, "lock")) return linux_ipc_futex_lock_lock(word, ns(number));
  return is(what, "unlock") ? linux_ipc_futex_lock_unlock(word) : NO_SUCH_CALL;
}

static int32_t call_spin_lock(const char *what, long number) {
  uint8_t *lock = (uint8_t *)object;
  if (is(what, "try")) return linux_ipc_spin_lock_try(lock);
  if (is(what, "lock")) return linux_ipc_spin_lock_lock(lock, ns(number));
  return is(what, "unlock") ? linux_ipc_spin_lock_unlock(lock) : NO_SUCH_CALL;
}

static const struct {
  const char *kind;
  int32_t (*call)(const char *what, long number);
} kinds[] = {
    {LINUX_IPC_MUTEX, call_mutex},     {LINUX_IPC_CONDITION, call_condition}, {LINUX_IPC_RWLOCK, call_rwlock},
    {LINUX_IPC_EVENT, call_event},     {LINUX_IPC_SEMAPHORE, call_semaphore}, {LINUX_IPC_ONCE, call_once},
    {LINUX_IPC_BARRIER, call_barrier}, {"FUTX", call_futex},                  {"SPIN", call_spin_lock},
};

static int32_t open_by_name(const char *kind, const char *name) {
  char other[256];
  int32_t result = linux_ipc_open(&ipc, name, kind);
  if (result < 0) return result;
  object = linux_ipc_object(&ipc);
  if (!is(kind, LINUX_IPC_CONDITION)) return 0;
  snprintf(other, sizeof other, "%s-m", name);
  result = linux_ipc_open(&of_mutex, other, LINUX_IPC_MUTEX);
  mutex_of_condition = (struct linux_ipc_mutex *)linux_ipc_object(&of_mutex);
  return result;
}

static int32_t open_over(const char *name, long offset) {
  char path[256];
  snprintf(path, sizeof path, "/dev/shm%s", name);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  int32_t result = fd < 0 ? -errno : linux_ipc_attach(&ipc, fd, 0);
  if (result < 0) return result;
  object = ipc.bytes + offset;
  of_mutex = ipc;
  mutex_of_condition = (struct linux_ipc_mutex *)object + 1;
  return 0;
}

int main(int words, char **word) {
  char what[32];
  long number;
  size_t kind = 0;
  if (words < 3) return 1;
  while (kind < sizeof kinds / sizeof *kinds && !is(kinds[kind].kind, word[1])) kind++;
  if (kind == sizeof kinds / sizeof *kinds) return 1;
  int32_t result = words > 3 ? open_over(word[2], atol(word[3])) : open_by_name(word[1], word[2]);
  printf("%d\n", result);
  fflush(stdout);
  while (result == 0 && scanf("%31s %ld", what, &number) == 2) {
    printf("%d\n", kinds[kind].call(what, number));
    fflush(stdout);
  }
  if (result == 0) linux_ipc_close(&ipc);
  return 0;
}
