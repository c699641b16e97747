/* A C worker that may be killed at any instant: NAME MEMORY THREADS. Its threads read, upgrade, write and downgrade
 * under an RwLock. */
#include "linux_ipc.h"

#include <stdlib.h>

/* c_rwlock_kills.test.ts: what the words of the memory are. */
enum { FIRST, SECOND, FAULTS, READS, WRITES, RECOVERIES, UPGRADES, STOP };

static struct linux_ipc ipc;
static struct linux_ipc_rwlock *lock;
static int32_t *words;

static void add(int word) { __atomic_fetch_add(&words[word], 1, __ATOMIC_SEQ_CST); }
static int32_t get(int word) { return __atomic_load_n(&words[word], __ATOMIC_SEQ_CST); }
static void put(int word, int32_t value) { __atomic_store_n(&words[word], value, __ATOMIC_SEQ_CST); }
static void dawdle(unsigned *seed, int most) {
  for (int spins = rand_r(seed) % most; spins > 0; spins--) linux_ipc_pause();
}

/* Alone in the lock; behind a dead writer the two words may differ. */
static void change(int32_t result, unsigned *seed) {
  if (result == LINUX_IPC_RECOVERED) {
    put(SECOND, get(FIRST));
    linux_ipc_rwlock_repaired(lock);
    add(RECOVERIES);
  } else if (get(FIRST) != get(SECOND)) add(FAULTS);
  put(FIRST, get(FIRST) + 1);
  dawdle(seed, 3000);
  put(SECOND, get(SECOND) + 1);
  add(WRITES);
}

/* As a reader, perhaps until it has become the writer. */
static void look(int32_t result, unsigned *seed) {
  if (result == LINUX_IPC_RECOVERED) return change(result, seed);
  int32_t first = get(FIRST);
  dawdle(seed, 300);
  if (first != get(SECOND)) add(FAULTS);
  add(READS);
  if (rand_r(seed) % 4) return;
  result = linux_ipc_rwlock_upgrade(&ipc, lock, rand_r(seed) % 200000);
  if (result >= 0) add(UPGRADES), change(result, seed);
  else if (result != -EBUSY && result != -ETIMEDOUT && result != -EDEADLK) add(FAULTS);
}

/* Alone in the lock, perhaps until it has become a reader. */
static void write_and_look(int32_t result, unsigned *seed) {
  change(result, seed);
  if (rand_r(seed) % 4) return;
  if (linux_ipc_rwlock_downgrade(&ipc, lock) == 0) look(0, seed);
  else add(FAULTS);
}

static void *work(void *argument) {
  unsigned seed = (unsigned)(uintptr_t)argument;
  while (!get(STOP)) {
    int writes = rand_r(&seed) % 3 == 0;
    int64_t timeout = rand_r(&seed) % 2 ? -1 : rand_r(&seed) % 200000;
    int32_t result = writes ? linux_ipc_rwlock_write(&ipc, lock, timeout) : linux_ipc_rwlock_read(&ipc, lock, timeout);
    if (result >= 0) {
      if (writes) write_and_look(result, &seed);
      else look(result, &seed);
      if (linux_ipc_rwlock_unlock(&ipc, lock) != 0) add(FAULTS);
    } else if (result == -EDEADLK) sched_yield(); /* another thread of ours */
    else if (result != -ETIMEDOUT) add(FAULTS);
  }
  return NULL;
}

int main(int parameters, char **parameter) {
  char path[256];
  pthread_t threads[16];
  if (parameters != 4 || linux_ipc_open(&ipc, parameter[1], LINUX_IPC_RWLOCK) < 0) return 1;
  lock = (struct linux_ipc_rwlock *)linux_ipc_object(&ipc);
  snprintf(path, sizeof path, "/dev/shm%s", parameter[2]);
  int fd = open(path, O_RDWR), count = atoi(parameter[3]);
  void *bytes = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED || count < 1 || count > 16) return 2;
  words = (int32_t *)bytes;
  puts("ready");
  fflush(stdout);
  for (int thread = 0; thread < count; thread++)
    pthread_create(&threads[thread], NULL, work, (void *)(uintptr_t)(getpid() * 16 + thread));
  for (int thread = 0; thread < count; thread++) pthread_join(threads[thread], NULL);
  linux_ipc_close(&ipc);
  return 0;
}
