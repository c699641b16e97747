/* Threads of one process that share what it has opened, on include/linux_ipc.h: WHAT NAME. Says what came of it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>

/* Behind the lock of a slot that it has got, the slow thread stops until it is told to go on. */
static int behind_lock(int result, int command, const struct flock *lock);
#define fcntl(fd, command, lock) behind_lock(fcntl(fd, command, lock), command, lock)
#include "linux_ipc.h"
#undef fcntl

#include <stdlib.h>

#define THREADS 4

static struct linux_ipc ipc;
static _Thread_local int is_slow;
static _Atomic int is_stopped, goes_on, is_done;
static _Atomic int answers[4096]; /* how often which errno was answered */

static int behind_lock(int result, int command, const struct flock *lock) {
  if (!is_slow || result < 0 || command != F_OFD_SETLK || lock->l_type != F_WRLCK) return result;
  is_stopped = 1;
  while (!goes_on) usleep(1000);
  return result;
}

static void *bury_slowly(void *unused) {
  is_slow = 1;
  linux_ipc_bury_dead(&ipc);
  return unused;
}

static void *bury(void *unused) {
  linux_ipc_bury_dead(&ipc);
  is_done = 1;
  return unused;
}

/* Two threads mark the dead, and somebody else joins while one of them is on its way to mark the last holder of a slot. */
static int mark_twice(void) {
  pthread_t slow, quick;
  puts("joined");
  fflush(stdout);
  if (getchar() == EOF) return 1;
  pthread_create(&slow, NULL, bury_slowly, NULL);
  while (!is_stopped) usleep(1000);
  pthread_create(&quick, NULL, bury, NULL);
  for (int looks = 0; looks < 200 && !is_done; looks++) usleep(1000); /* or it waits for the slow one */
  puts("on its way");
  fflush(stdout);
  if (getchar() == EOF) return 1;
  goes_on = 1;
  pthread_join(slow, NULL);
  pthread_join(quick, NULL);
  puts("marked");
  return 0;
}

static void *take_again_and_again(void *call) {
  while (!is_done) {
    int32_t result = ((int32_t(*)(struct linux_ipc *, void *, int64_t))call)(&ipc, linux_ipc_object(&ipc), -1);
    answers[result < 0 ? -result : 0]++;
  }
  return NULL;
}

static int32_t take_mutex(struct linux_ipc *of, void *object, int64_t timeout_ns) {
  return linux_ipc_mutex_lock(of, (struct linux_ipc_mutex *)object, timeout_ns);
}

static int32_t read_rwlock(struct linux_ipc *of, void *object, int64_t timeout_ns) {
  return linux_ipc_rwlock_read(of, (struct linux_ipc_rwlock *)object, timeout_ns);
}

/* All threads ask for a lock that nobody can take any more: what they are answered, each errno once. */
static int take_lost(int32_t (*call)(struct linux_ipc *, void *, int64_t)) {
  pthread_t threads[THREADS];
  for (int thread = 0; thread < THREADS; thread++)
    pthread_create(&threads[thread], NULL, take_again_and_again, (void *)call);
  usleep(300000);
  is_done = 1;
  for (int thread = 0; thread < THREADS; thread++) pthread_join(threads[thread], NULL);
  for (int number = 0; number < 4096; number++)
    if (answers[number] > 0) printf("%d ", -number);
  puts("");
  return 0;
}

int main(int count, char **words) {
  if (count < 3) return 1;
  const char *kind = strcmp(words[1], "read") == 0 ? LINUX_IPC_RWLOCK : LINUX_IPC_MUTEX;
  if (linux_ipc_open(&ipc, words[2], kind) < 0) return 2;
  if (strcmp(words[1], "mark") == 0) return mark_twice();
  return take_lost(strcmp(words[1], "read") == 0 ? read_rwlock : take_mutex);
}
