/* The C peer of counter.ts: for each line KIND NAME MEMORY ROUNDS it increments words under a lock, as counter_peer.ts. */
#include "linux_ipc.h"

#include <stdlib.h>

/* counter_words.ts: what the words of the memory are. */
enum { TOTAL, LAST, HAND_OFFS, SECOND, FAULTS, PARTIES, BUSY };
#define LOCK_OFFSET 256

static struct linux_ipc ipc, of_mutex;
static void *object;
static int32_t *words;

static int32_t take_mutex(void) { return linux_ipc_mutex_lock(&ipc, (struct linux_ipc_mutex *)object, -1); }
static int32_t give_mutex(void) { return linux_ipc_mutex_unlock(&ipc, (struct linux_ipc_mutex *)object); }

/* Each round begins as a reader, who must find both counters equal; every third one becomes the writer by an upgrade. */
static int32_t take_rwlock(void) {
  static int rounds;
  struct linux_ipc_rwlock *lock = (struct linux_ipc_rwlock *)object;
  int32_t result = linux_ipc_rwlock_read(&ipc, lock, -1);
  if (result != 0) return result;
  if (words[TOTAL] != words[SECOND]) __atomic_fetch_add(&words[FAULTS], 1, __ATOMIC_SEQ_CST);
  if (++rounds % 3 == 0 && linux_ipc_rwlock_upgrade(&ipc, lock, 1000000) == 0) return 0;
  result = linux_ipc_rwlock_unlock(&ipc, lock);
  return result != 0 ? result : linux_ipc_rwlock_write(&ipc, lock, -1);
}

static int32_t give_rwlock(void) { return linux_ipc_rwlock_unlock(&ipc, (struct linux_ipc_rwlock *)object); }

static int32_t take_permit(void) { return linux_ipc_semaphore_acquire(&ipc, (struct linux_ipc_semaphore *)object, -1); }
static int32_t give_permit(void) { return linux_ipc_semaphore_release(&ipc, (struct linux_ipc_semaphore *)object, 1); }

/* A lock made of a word, a mutex and a condition: each notification that is lost is for ever. */
static struct linux_ipc_mutex *mutex(void) { return (struct linux_ipc_mutex *)linux_ipc_object(&of_mutex); }

static int32_t take_condition(void) {
  int32_t result = linux_ipc_mutex_lock(&of_mutex, mutex(), -1);
  while (result == 0 && words[BUSY])
    result = linux_ipc_condition_wait(&of_mutex, (struct linux_ipc_condition *)object, mutex(), -1);
  words[BUSY] = 1;
  return result != 0 ? result : linux_ipc_mutex_unlock(&of_mutex, mutex());
}

static int32_t give_condition(void) {
  int32_t result = linux_ipc_mutex_lock(&of_mutex, mutex(), -1);
  words[BUSY] = 0;
  linux_ipc_condition_notify_all((struct linux_ipc_condition *)object);
  return result != 0 ? result : linux_ipc_mutex_unlock(&of_mutex, mutex());
}

static int32_t take_futex_lock(void) { return linux_ipc_futex_lock_lock((uint32_t *)&words[LOCK_OFFSET / 4], -1); }
static int32_t give_futex_lock(void) { return linux_ipc_futex_lock_unlock((uint32_t *)&words[LOCK_OFFSET / 4]); }
static int32_t take_spin_lock(void) { return linux_ipc_spin_lock_lock((uint8_t *)&words[LOCK_OFFSET / 4], -1); }
static int32_t give_spin_lock(void) { return linux_ipc_spin_lock_unlock((uint8_t *)&words[LOCK_OFFSET / 4]); }

static const struct {
  const char *name, *kind; /* no kind: a word of the memory */
  int32_t (*take)(void), (*give)(void);
} kinds[] = {
    {"Mutex", LINUX_IPC_MUTEX, take_mutex, give_mutex},
    {"RwLock", LINUX_IPC_RWLOCK, take_rwlock, give_rwlock},
    {"Semaphore", LINUX_IPC_SEMAPHORE, take_permit, give_permit},
    {"Condition", LINUX_IPC_CONDITION, take_condition, give_condition},
    {"FutexLock", NULL, take_futex_lock, give_futex_lock},
    {"SpinLock", NULL, take_spin_lock, give_spin_lock},
    {"Barrier", LINUX_IPC_BARRIER, NULL, NULL},
};

static int count_under(int32_t (*take)(void), int32_t (*give)(void), long rounds) {
  int32_t me = getpid();
  for (long round = 0; round < rounds; round++) {
    if (take() != 0) return 24;
    words[TOTAL]++;
    words[HAND_OFFS] += words[LAST] != me;
    words[LAST] = me;
    words[SECOND]++;
    if (give() != 0) return 25;
  }
  return 0;
}

/* All add; once all have arrived the sum is known; and nobody adds again before all have looked. */
static int count_phases(long rounds) {
  struct linux_ipc_barrier *barrier = (struct linux_ipc_barrier *)object;
  linux_ipc_barrier_join(&ipc, barrier);
  for (int32_t round = 1; round <= rounds; round++) {
    __atomic_fetch_add(&words[TOTAL], 1, __ATOMIC_SEQ_CST);
    if (linux_ipc_barrier_arrive(&ipc, barrier, -1) != 2 * round - 1) return 26;
    if (words[TOTAL] != round * words[PARTIES]) __atomic_fetch_add(&words[FAULTS], 1, __ATOMIC_SEQ_CST);
    if (linux_ipc_barrier_arrive(&ipc, barrier, -1) != 2 * round) return 27;
  }
  return 0;
}

static int open_all(const char *kind, const char *name, const char *memory) {
  char text[256];
  if (kind && linux_ipc_open(&ipc, name, kind) < 0) return 22;
  object = kind ? linux_ipc_object(&ipc) : NULL;
  snprintf(text, sizeof text, "%s-m", name);
  if (kind && !strcmp(kind, LINUX_IPC_CONDITION) && linux_ipc_open(&of_mutex, text, LINUX_IPC_MUTEX) < 0) return 23;
  snprintf(text, sizeof text, "/dev/shm%s", memory);
  int fd = open(text, O_RDWR);
  void *bytes = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  words = (int32_t *)bytes;
  return bytes == MAP_FAILED ? 21 : 0;
}

/* Says "ready", counts when it is told to, and says "done" and what that came to. */
static void count(const char *name, const char *object_name, const char *memory, long rounds) {
  size_t kind = 0;
  while (kind < sizeof kinds / sizeof *kinds && strcmp(kinds[kind].name, name)) kind++;
  if (kind == sizeof kinds / sizeof *kinds) exit(1);
  int result = open_all(kinds[kind].kind, object_name, memory);
  if (result != 0) exit(result);
  puts("ready");
  fflush(stdout);
  if (scanf("%*s") == EOF) exit(20);
  result = kinds[kind].take ? count_under(kinds[kind].take, kinds[kind].give, rounds) : count_phases(rounds);
  printf("done %d\n", result);
  fflush(stdout);
  if (kinds[kind].kind) linux_ipc_close(&ipc);
  if (of_mutex.bytes) linux_ipc_close(&of_mutex);
  memset(&of_mutex, 0, sizeof of_mutex);
  munmap(words, 4096);
}

int main(void) {
  char kind[32], name[128], memory[128];
  long rounds;
  while (scanf("%31s %127s %127s %ld", kind, name, memory, &rounds) == 4) count(kind, name, memory, rounds);
  return 0;
}
