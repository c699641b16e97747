/* C survivors: two participants of one process, one who was there before the kill and one who comes behind it. */
#ifndef SURVIVOR_H
#define SURVIVOR_H

#include "acts.h"

#define LIMIT_NS 5000000000

struct survivors {
  struct linux_ipc early, late;
  const char *name, *kind;
};

static void survivors_begin(struct survivors *all, const char *name, const char *kind) {
  all->name = name;
  all->kind = kind;
  if (linux_ipc_open(&all->early, name, kind) < 0) exit(4);
}

static const char *who(int32_t result, int32_t dead, pid_t victim, pid_t first) {
  if (result != LINUX_IPC_RECOVERED) return "nobody";
  return dead == victim ? "victim" : dead == first || dead == 0 ? "first" : "a stranger"; /* 0: its slot passed on twice */
}

static const char *take_mutex(struct survivors *all, pid_t victim, pid_t first) {
  struct linux_ipc_mutex *mutex = (struct linux_ipc_mutex *)linux_ipc_object(&all->early);
  struct linux_ipc_mutex *same = (struct linux_ipc_mutex *)linux_ipc_object(&all->late);
  int32_t result = linux_ipc_mutex_lock(&all->early, mutex, LIMIT_NS);
  if (result == -ENOTRECOVERABLE) return linux_ipc_mutex_try(&all->late, same) == result ? "unrecoverable" : "taken twice";
  if (result < 0) return "stuck";
  const char *told = who(result, mutex->dead_pid, victim, first);
  if (linux_ipc_mutex_try(&all->late, same) != -EBUSY) return "two owners";
  linux_ipc_mutex_repaired(mutex);
  linux_ipc_mutex_unlock(&all->early, mutex);
  if (linux_ipc_mutex_lock(&all->late, same, LIMIT_NS) != 0) return "told twice, or stuck";
  return linux_ipc_mutex_unlock(&all->late, same) == 0 ? told : "lost";
}

static const char *take_rwlock(struct survivors *all, pid_t victim, pid_t first) {
  struct linux_ipc_rwlock *lock = (struct linux_ipc_rwlock *)linux_ipc_object(&all->early);
  struct linux_ipc_rwlock *same = (struct linux_ipc_rwlock *)linux_ipc_object(&all->late);
  int32_t result = victim % 2 ? linux_ipc_rwlock_write(&all->early, lock, LIMIT_NS)
                              : linux_ipc_rwlock_read(&all->early, lock, LIMIT_NS);
  if (result == -ENOTRECOVERABLE) return linux_ipc_rwlock_try_read(&all->late, same) == result ? "unrecoverable" : "taken twice";
  if (result < 0) return "stuck";
  const char *told = who(result, lock->writer.dead_pid, victim, first);
  if (linux_ipc_rwlock_try_write(&all->late, same) != -EBUSY) return "two owners";
  if (result == LINUX_IPC_RECOVERED) linux_ipc_rwlock_repaired(lock);
  linux_ipc_rwlock_unlock(&all->early, lock);
  if (linux_ipc_rwlock_write(&all->late, same, LIMIT_NS) != 0) return "told twice, or stuck";
  return linux_ipc_rwlock_unlock(&all->late, same) == 0 ? told : "lost";
}

static const char *take_permits(struct survivors *all) {
  struct linux_ipc_semaphore *semaphore = (struct linux_ipc_semaphore *)linux_ipc_object(&all->early);
  struct linux_ipc_semaphore *same = (struct linux_ipc_semaphore *)linux_ipc_object(&all->late);
  for (int seat = 0; seat < SEATS; seat++)
    if (linux_ipc_semaphore_acquire(&all->early, semaphore, LIMIT_NS) < 0) return "permits are lost";
  if (linux_ipc_semaphore_try(&all->late, same) != -EAGAIN) return "a permit too many";
  linux_ipc_semaphore_release(&all->early, semaphore, SEATS);
  return "all permits are back";
}

static const char *run_again(struct survivors *all) {
  struct linux_ipc_once *once = (struct linux_ipc_once *)linux_ipc_object(&all->early);
  int32_t result = linux_ipc_once_begin(&all->early, once, LIMIT_NS);
  if (result < 0) return "stuck";
  if (result == LINUX_IPC_YOURS) linux_ipc_once_finish(&all->early, once);
  struct linux_ipc_once *same = (struct linux_ipc_once *)linux_ipc_object(&all->late);
  if (linux_ipc_once_begin(&all->late, same, LIMIT_NS) != 0) return "done twice, or stuck";
  return result == LINUX_IPC_YOURS ? "1 runs" : "0 runs";
}

/* What the death came to, in the words of the scenes; ends the survivors. */
static const char *survivors_judge(struct survivors *all, pid_t victim, pid_t first) {
  if (linux_ipc_open(&all->late, all->name, all->kind) < 0) exit(4);
  const char *outcome = !strcmp(all->kind, LINUX_IPC_MUTEX)       ? take_mutex(all, victim, first)
                        : !strcmp(all->kind, LINUX_IPC_RWLOCK)    ? take_rwlock(all, victim, first)
                        : !strcmp(all->kind, LINUX_IPC_SEMAPHORE) ? take_permits(all)
                        : !strcmp(all->kind, LINUX_IPC_ONCE)      ? run_again(all)
                                                                  : "not judged";
  linux_ipc_close(&all->late);
  linux_ipc_close(&all->early);
  return outcome;
}

#endif
