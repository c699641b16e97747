/* One process with several threads, or with a child, on include/linux_ipc.h: WHAT NAME. Says what each call came to. */
#define _GNU_SOURCE
#include <stdatomic.h>

/* Before another thread of the member says that it has arrived, it stops until the first one is a phase further. */
static void before_arrived(const void *word);
#define __atomic_compare_exchange_n(word, ...) (before_arrived(word), __atomic_compare_exchange_n(word, __VA_ARGS__))
#define __atomic_store_n(word, value, order) (before_arrived(word), __atomic_store_n(word, value, order))
#include "linux_ipc.h"
#undef __atomic_compare_exchange_n
#undef __atomic_store_n

#include <sched.h>
#include <stdlib.h>
#include <sys/wait.h>

#define SECOND 1000000000LL

static struct linux_ipc ipc, other;
static _Thread_local int is_slow;
static _Atomic int is_stopped, goes_on;
static _Atomic pid_t slow_thread;

static struct linux_ipc_barrier *barrier(struct linux_ipc *of) { return (struct linux_ipc_barrier *)linux_ipc_object(of); }

static void before_arrived(const void *word) {
  if (!is_slow || word != (const void *)&barrier(&ipc)->arrived[ipc.index] || is_stopped) return;
  is_stopped = 1;
  while (!goes_on) sched_yield(); /* not asleep */
}

/* For proc_pid_stat(5) who is only kept waiting for a processor does not sleep. */
static int is_asleep(pid_t thread) {
  char path[64], line[256] = "";
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  const char *name_end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
  fclose(file);
  return name_end != NULL && name_end[2] == 'S';
}

static void *arrive_slowly(void *result) {
  is_slow = 1;
  slow_thread = (pid_t)syscall(SYS_gettid);
  *(int32_t *)result = linux_ipc_barrier_arrive(&ipc, barrier(&ipc), 5 * SECOND);
  return NULL;
}

static void *arrive_twice(void *result) {
  linux_ipc_barrier_arrive(&ipc, barrier(&ipc), 5 * SECOND);
  *(int32_t *)result = linux_ipc_barrier_arrive(&ipc, barrier(&ipc), 5 * SECOND);
  return NULL;
}

/* Two members; two threads of the first arrive, one of them slowly. */
static int say_phases(const char *name) {
  if (linux_ipc_open(&ipc, name, LINUX_IPC_BARRIER) < 0 || linux_ipc_open(&other, name, LINUX_IPC_BARRIER) < 0) return 1;
  linux_ipc_barrier_join(&ipc, barrier(&ipc));
  linux_ipc_barrier_join(&other, barrier(&other));
  pthread_t slow, quick;
  int32_t of_slow = 0, of_quick = 0;
  pthread_create(&slow, NULL, arrive_slowly, &of_slow);
  while (!is_stopped) usleep(1000);
  pthread_create(&quick, NULL, arrive_twice, &of_quick);
  linux_ipc_barrier_arrive(&other, barrier(&other), -1);
  while (__atomic_load_n(&barrier(&ipc)->arrived[ipc.index], __ATOMIC_SEQ_CST) != 2) usleep(1000);
  goes_on = 1;
  for (int looks = 0; looks < 5000 && !is_asleep(slow_thread); looks++) usleep(1000); /* until it has arrived */
  int32_t of_other = linux_ipc_barrier_arrive(&other, barrier(&other), 5 * SECOND);
  pthread_join(slow, NULL);
  pthread_join(quick, NULL);
  printf("%d %d %d\n", of_slow, of_quick, of_other);
  return 0;
}

/* A child that has the number of its parent, in a pid namespace of its own, dies with a mutex. */
static int say_namesake(const char *name) {
  if (linux_ipc_open(&ipc, name, LINUX_IPC_MUTEX) < 0 || unshare(CLONE_NEWPID) < 0) return 1;
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    if (getpid() != parent) _exit(4);
    linux_ipc_close(&ipc); /* the parent's, who stays */
    if (linux_ipc_open(&other, name, LINUX_IPC_MUTEX) < 0) _exit(5);
    _exit(linux_ipc_mutex_lock(&other, (struct linux_ipc_mutex *)linux_ipc_object(&other), 0) == 0 ? 3 : 6);
  }
  int status = 0;
  waitpid(child, &status, 0);
  struct linux_ipc_mutex *mutex = (struct linux_ipc_mutex *)linux_ipc_object(&ipc);
  int32_t result = linux_ipc_mutex_lock(&ipc, mutex, 5 * SECOND);
  printf("%d %s\n", WEXITSTATUS(status), result == LINUX_IPC_RECOVERED ? "recovered" : "not told");
  return 0;
}

static void *sleep_on(void *word) {
  linux_ipc_futex_wait((uint32_t *)word, 0, SECOND / 5);
  return NULL;
}

/* Whom a count of nothing wakes, and when a timeout of for ever ends. */
static int say_edges(void) {
  static uint32_t word;
  pthread_t sleeper;
  pthread_create(&sleeper, NULL, sleep_on, &word);
  usleep(50000);
  int32_t none = linux_ipc_futex_wake(&word, 0), less = linux_ipc_futex_wake(&word, -5);
  pthread_join(sleeper, NULL);
  printf("%d %d %lld\n", none, less, (long long)linux_ipc_deadline(INT64_MAX));
  return 0;
}

/* What it comes to to attach at each of some offsets; and whether the descriptor is closed then. */
static int say_places(const char *name) {
  const uint64_t offsets[] = {0, 128, 8192, 1, 4, 64, 8192 + 128, 1ULL << 40, -8192ULL, -1ULL};
  char path[256];
  snprintf(path, sizeof path, "/dev/shm%s", name);
  for (size_t index = 0; index < sizeof offsets / sizeof *offsets; index++) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int32_t result = linux_ipc_attach(&ipc, fd, offsets[index]);
    if (result == 0) linux_ipc_close(&ipc);
    printf("%d%s ", result, fcntl(fd, F_GETFD) < 0 ? "" : " open");
  }
  puts("");
  return 0;
}

/* Gives a mutex up, for a reason of 120 bytes in characters of two. */
static int say_reason(const char *name) {
  char reason[121] = "";
  if (linux_ipc_open(&ipc, name, LINUX_IPC_MUTEX) < 0) return 1;
  struct linux_ipc_mutex *mutex = (struct linux_ipc_mutex *)linux_ipc_object(&ipc);
  for (int at = 0; at < 120; at += 2) memcpy(reason + at, "\xc3\xa9", 2);
  if (linux_ipc_mutex_lock(&ipc, mutex, -1) < 0) return 2;
  printf("%d\n", linux_ipc_mutex_unrecoverable(&ipc, mutex, reason));
  return 0;
}

struct joining {
  const char *name;
  int fd;
  int32_t attached, opened;
};

/* Joins and leaves while it is about to be cancelled: by a descriptor, and by the name. */
static void *join_cancelled(void *argument) {
  struct joining *joining = (struct joining *)argument;
  pthread_cancel(pthread_self());
  joining->attached = linux_ipc_attach(&other, joining->fd, LINUX_IPC_TABLE_OFFSET);
  linux_ipc_close(&other);
  joining->opened = linux_ipc_open(&other, joining->name, LINUX_IPC_MUTEX);
  linux_ipc_close(&other);
  pthread_testcancel();
  return NULL;
}

/* What a cancelled thread came to, whether it was cancelled, and what another one is answered afterwards. */
static int say_cancelled(const char *name) {
  char path[256];
  void *end = NULL;
  pthread_t thread;
  snprintf(path, sizeof path, "/dev/shm%s", name);
  struct joining joining = {name, open(path, O_RDWR | O_CLOEXEC), -1, -1};
  alarm(10); /* or it waits for ever */
  pthread_create(&thread, NULL, join_cancelled, &joining);
  pthread_join(thread, &end);
  int32_t result = linux_ipc_open(&ipc, name, LINUX_IPC_MUTEX);
  printf("%d %d %d %d slot %d\n", joining.attached, joining.opened, end == PTHREAD_CANCELED, result, ipc.index);
  return 0;
}

int main(int count, char **words) {
  if (count > 2 && strcmp(words[1], "phases") == 0) return say_phases(words[2]);
  if (count > 2 && strcmp(words[1], "reason") == 0) return say_reason(words[2]);
  if (count > 2 && strcmp(words[1], "places") == 0) return say_places(words[2]);
  if (count > 2 && strcmp(words[1], "cancelled") == 0) return say_cancelled(words[2]);
  if (count > 2 && strcmp(words[1], "namesake") == 0) return say_namesake(words[2]);
  return say_edges();
}
