/* The C peer of the lock tests, on include/linux_ipc.h: FORK | WORK | LAYOUT and their parameters, see main. */
#include "linux_ipc.h"

#include <stdlib.h>
#include <sys/wait.h>

/* What the numbers below are: tests/crash/lock_ledger.ts, which passes them. */
#ifndef LEDGER_FIRST
#define LEDGER_FIRST 0
#define LEDGER_SECOND 0
#define LEDGER_INSIDE 0
#define LEDGER_TWO_OWNERS 0
#define LEDGER_TORN 0
#define LEDGER_TOLD_COUNT 0
#define LEDGER_STOP 0
#define LEDGER_PLACES 0
#define LEDGER_PLACE_WORDS 0
#define LEDGER_PID 0
#define LEDGER_GATE 0
#define LEDGER_STATE 0
#define LEDGER_TURNS 0
#define LEDGER_TOLD 0
#endif

enum { OUTSIDE, LOCKING, HOLDING, UNLOCKING };

static int32_t *map_words(const char *name) {
  char path[256];
  struct stat status;
  snprintf(path, sizeof path, "/dev/shm%s", name);
  int fd = open(path, O_RDWR);
  if (fd < 0 || fstat(fd, &status) < 0) exit(20);
  void *words = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (words == MAP_FAILED) exit(21);
  return (int32_t *)words;
}

static struct linux_ipc ipc;

static struct linux_ipc_mutex *open_mutex(const char *name) {
  int32_t result = linux_ipc_open(&ipc, name, LINUX_IPC_MUTEX);
  if (result < 0) {
    fprintf(stderr, "cannot open %s: %d\n", name, result);
    exit(22);
  }
  return (struct linux_ipc_mutex *)linux_ipc_object(&ipc);
}

/* FORK NAME: a child opens again what its parent has opened, while a thread of the parent had the process's lock, and is
 * killed as the holder. Says the child's end, what the parent's lock came to, and whether it told of the child. */
static int fork_holder(const char *name) {
  int status;
  struct linux_ipc_mutex *mutex = open_mutex(name);
  pthread_mutex_lock(&linux_ipc_process.lock);
  int32_t child = fork();
  if (child == 0) {
    struct linux_ipc inherited = ipc;
    alarm(5);
    mutex = open_mutex(name);
    linux_ipc_close(&inherited);
    if (linux_ipc_mutex_lock(&ipc, mutex, -1) == 0) raise(SIGKILL);
    return 28;
  }
  pthread_mutex_unlock(&linux_ipc_process.lock);
  waitpid(child, &status, 0);
  int32_t result = linux_ipc_mutex_lock(&ipc, mutex, 2000000000);
  printf("%d %d %d\n", WTERMSIG(status), result, mutex->dead_pid == child);
  fflush(stdout);
  getchar();
  linux_ipc_close(&ipc);
  return 0;
}

/* -- a worker that may be killed at any instant ------------------------------------------------------------------ */

static void put(int32_t *word, int32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
static int32_t get(int32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static void add(int32_t *word) { __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST); }

/* In possession: whoever is in here at the same time, or finds the two counters unequal, is a fault. */
static void critical(struct linux_ipc_mutex *mutex, int32_t *ledger, int32_t result, int kind, int spins) {
  int32_t me = getpid();
  int32_t before = __atomic_exchange_n(&ledger[LEDGER_INSIDE], me, __ATOMIC_SEQ_CST);
  if (result == LINUX_IPC_RECOVERED) {
    int32_t told = ledger[LEDGER_TOLD_COUNT];
    ledger[LEDGER_SECOND] = ledger[LEDGER_FIRST];
    ledger[LEDGER_TOLD + 3 * told] = mutex->dead_pid;
    ledger[LEDGER_TOLD + 3 * told + 1] = kind;
    ledger[LEDGER_TOLD + 3 * told + 2] = (int32_t)(linux_ipc_now() / 1000 & 0x7fffffff);
    put(&ledger[LEDGER_TOLD_COUNT], told + 1);
    linux_ipc_mutex_repaired(mutex);
  } else if (before != 0) add(&ledger[LEDGER_TWO_OWNERS]);
  if (ledger[LEDGER_FIRST] != ledger[LEDGER_SECOND]) add(&ledger[LEDGER_TORN]);
  int32_t next = ledger[LEDGER_FIRST] + 1;
  put(&ledger[LEDGER_FIRST], next);
  for (int spin = 0; spin < spins; spin++) linux_ipc_pause();
  put(&ledger[LEDGER_SECOND], next);
  if (!__atomic_compare_exchange_n(&ledger[LEDGER_INSIDE], &me, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
    add(&ledger[LEDGER_TWO_OWNERS]);
}

/* Announces this process and waits until it may work. */
static void enter(int32_t *mine) {
  put(&mine[LEDGER_PID], getpid());
  while (!get(&mine[LEDGER_GATE])) linux_ipc_sleep((uint32_t *)&mine[LEDGER_GATE], 0, -1);
}

/* WORK MUTEX LEDGER PLACE KIND SEED */
static int work(const char *name, const char *memory, int place, int kind, unsigned seed) {
  struct linux_ipc_mutex *mutex = open_mutex(name);
  int32_t *ledger = map_words(memory), *mine = ledger + LEDGER_PLACES + place * LEDGER_PLACE_WORDS;
  int32_t *state = &mine[LEDGER_STATE], *turns = &mine[LEDGER_TURNS];
  enter(mine);
  while (!get(&ledger[LEDGER_STOP])) {
    unsigned way = (unsigned)rand_r(&seed) % 4;
    put(state, LOCKING);
    int32_t result = way == 0   ? linux_ipc_mutex_try(&ipc, mutex)
                     : way == 1 ? linux_ipc_mutex_lock(&ipc, mutex, rand_r(&seed) % 2000000)
                                : linux_ipc_mutex_lock(&ipc, mutex, -1);
    if (result >= 0) {
      put(state, HOLDING);
      critical(mutex, ledger, result, kind, rand_r(&seed) % 2000);
      put(state, UNLOCKING);
      if (linux_ipc_mutex_unlock(&ipc, mutex) < 0) return 26;
    } else if (result != -EBUSY && result != -ETIMEDOUT) return 27;
    put(state, OUTSIDE);
    put(turns, get(turns) + 1);
  }
  linux_ipc_close(&ipc);
  return 0;
}

#define SAY(type, field) printf("%s.%s %zu\n", #type, #field, offsetof(struct linux_ipc_##type, field))
#define SIZE(type) printf("%s %zu\n", #type, sizeof(struct linux_ipc_##type))

/* LAYOUT: what the header believes. */
static int say_layout(void) {
  SAY(header, magic), SAY(header, version), SAY(header, kind), SAY(header, object_version), SAY(header, size);
  SAY(header, created), SAY(slot, life), SAY(slot, generation), SAY(slot, pid), SIZE(slot);
  SAY(mutex, word), SAY(mutex, state), SAY(mutex, dead_pid), SAY(mutex, eventcount);
  SAY(mutex, reason), SIZE(mutex);
  SAY(event, eventcount), SAY(event, is_set), SAY(event, resets), SIZE(event);
  SAY(semaphore, eventcount), SAY(semaphore, value), SAY(semaphore, owned), SIZE(semaphore);
  SAY(condition, eventcount), SIZE(condition);
  SAY(barrier, eventcount), SAY(barrier, phase), SAY(barrier, parties), SAY(barrier, members), SAY(barrier, arrived);
  SIZE(barrier), SAY(once, word), SAY(once, done), SAY(once, eventcount), SIZE(once);
  SAY(rwlock, writer), SAY(rwlock, drain), SAY(rwlock, prefers_readers), SAY(rwlock, entered), SAY(rwlock, readers);
  SIZE(rwlock);
  printf("MAGIC %u\nTABLE %u\nOBJECT %u\nSLOTS %d\n", LINUX_IPC_MAGIC, LINUX_IPC_TABLE_OFFSET, LINUX_IPC_OBJECT_OFFSET,
         LINUX_IPC_SLOTS);
  printf("OWNED_MOST %d\nSOUND %d\nSUSPECT %d\nUNRECOVERABLE %d\n", LINUX_IPC_OWNED_MOST, LINUX_IPC_SOUND, LINUX_IPC_SUSPECT, LINUX_IPC_UNRECOVERABLE);
  printf("OWNER_DIED %d\nNO_ROBUST_LIST %u\nSLEEPERS %u\nVERSION %u\nOBJECT_VERSION %u\n", FUTEX_OWNER_DIED,
         LINUX_IPC_LIFE_WITHOUT_ROBUST_LIST, LINUX_IPC_SLEEPERS, LINUX_IPC_SEGMENT_VERSION, LINUX_IPC_OBJECT_VERSION);
  return 0;
}

int main(int count_of_words, char **words) {
  const char *what = count_of_words > 1 ? words[1] : "";
  if (!strcmp(what, "LAYOUT")) return say_layout();
  if (!strcmp(what, "FORK") && count_of_words == 3) return fork_holder(words[2]);
  if (!strcmp(what, "WORK") && count_of_words == 7)
    return work(words[2], words[3], atoi(words[4]), atoi(words[5]), (unsigned)atol(words[6]));
  return 1;
}
