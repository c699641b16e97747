/* The C victim, on include/linux_ipc.h: killed behind any one instruction of an operation, to which it is single-stepped.
 *
 *   stepper LIST     the titles of what it can do, those of the scenes in TypeScript
 *   stepper JUDGE    for each line "VICTIM FIRST NAME TITLE" of its input: what the death of one of TypeScript came to
 *   stepper          for each line "STEPS JUDGE NAME TITLE" of its input:
 *                      "refused ERRNO": ptrace(2) is not allowed here; or
 *                      "ready VICTIM FIRST", the process ids of the one that will be killed and the one that was before;
 *                      then, after another line, "killed STEPS WHERE STORES OUTCOME", or "ended ..." of the whole
 *                    WHERE is "holding" in certain possession, or "-". STORES: the instructions, as "3,17,", behind
 *                    which the object was another. JUDGE 1: another C process looks what the death came to
 *                    (survivor.h); 0: OUTCOME is "-"
 */
#include "linux_ipc.h"

#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "survivor.h"

#define IN_VAIN 1000000
#define REFUSED 77

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
    {"RwLock: recovery by a writer", LINUX_IPC_RWLOCK, write_lock, NULL, write_and_leave},
    {"RwLock: recovery by a reader", LINUX_IPC_RWLOCK, write_lock, NULL, read_and_leave},
    {"RwLock: recovery that gives up", LINUX_IPC_RWLOCK, write_lock, NULL, write_and_give_up},
    {"RwLock: unlock of a writer while others wait", LINUX_IPC_RWLOCK, NULL, write_lock, leave},
    {"RwLock: unlock of a writer while others wait, readers preferred", LINUX_IPC_RWLOCK, NULL, write_lock, leave},
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

/* -- the processes that die ----------------------------------------------------------------------------------------- */

static void open_object(const char *name, const char *kind) {
  require(linux_ipc_open(&ipc, name, kind) == 0);
  object = linux_ipc_object(&ipc);
}

/* What the victim changes, as its stepper sees it; and as it was at the last look. */
static struct {
  uint8_t *bytes;
  size_t size;
  uint8_t before[0x800];
  int32_t where;
} seen;

static void see(const char *name) {
  char path[256];
  struct stat status;
  snprintf(path, sizeof path, "/dev/shm%s", name);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  require(fd >= 0 && fstat(fd, &status) == 0);
  seen.size = (size_t)status.st_size - LINUX_IPC_OBJECT_OFFSET; /* the objects are small; the rest is zeros */
  if (seen.size > sizeof seen.before) seen.size = sizeof seen.before;
  seen.bytes = (uint8_t *)mmap(NULL, seen.size, PROT_READ, MAP_SHARED, fd, LINUX_IPC_OBJECT_OFFSET);
  require(seen.bytes != MAP_FAILED);
  close(fd);
}

static int is_another(void) {
  int yes = seen.where != *where || memcmp(seen.before, seen.bytes, seen.size) != 0;
  if (yes) memcpy(seen.before, seen.bytes, seen.size), seen.where = *where;
  return yes;
}

static pid_t start_first(const struct scene *scene, const char *name) {
  pid_t child = scene->first ? fork() : 0;
  if (child != 0 || !scene->first) {
    if (child > 0) waitpid(child, NULL, 0);
    return child;
  }
  open_object(name, scene->kind);
  scene->first();
  raise(SIGKILL);
  return 0;
}

static pid_t start_victim(const struct scene *scene, const char *name) {
  at(BEFORE);
  pid_t child = fork();
  if (child != 0) return child;
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0) _exit(REFUSED);
  open_object(name, scene->kind);
  if (scene->prepare) scene->prepare();
  raise(SIGSTOP);
  at(ACTING);
  scene->act();
  at(BEHIND);
  for (;;) pause();
}

/* One instruction further; not stopped by it any more: the victim has ended. */
static void step(pid_t child) {
  int status;
  require(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0);
  require(waitpid(child, &status, 0) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
}

/* Behind the instruction of this number, and what changed on the way; how many it were if the end came first. */
static long step_to(pid_t child, long steps, char *stores, size_t room) {
  size_t length = 0;
  while (*where == BEFORE) step(child);
  is_another();
  for (long done = 0; done < steps; done++) {
    if (*where == BEHIND) return done;
    step(child);
    if (is_another() && length + 24 < room) length += (size_t)snprintf(stores + length, room - length, "%ld,", done + 1);
  }
  return steps;
}

static void kill_victim(pid_t child) {
  int status;
  kill(child, SIGKILL);
  do require(waitpid(child, &status, 0) == child);
  while (WIFSTOPPED(status));
  require(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void play(const struct scene *scene, const char *name, long steps, int is_judge) {
  char line[16], stores[1024] = "-";
  struct survivors survivors;
  if (is_judge) survivors_begin(&survivors, name, scene->kind);
  pid_t first = start_first(scene, name);
  victim = start_victim(scene, name);
  int status;
  require(waitpid(victim, &status, 0) == victim);
  if (WIFEXITED(status)) {
    printf("refused %d\n", WEXITSTATUS(status));
    return;
  }
  printf("ready %d %d\n", victim, first);
  require(fgets(line, sizeof line, stdin) != NULL);
  see(name);
  long done = step_to(victim, steps, stores, sizeof stores);
  munmap(seen.bytes, seen.size);
  const char *place = *where == HOLDING ? "holding" : "-", *end = *where == BEHIND ? "ended" : "killed";
  kill_victim(victim);
  const char *outcome = is_judge ? survivors_judge(&survivors, victim, first) : "-";
  printf("%s %ld %s %s %s\n", end, done, place, stores, outcome);
}

static const struct scene *scene_of(const char *title) {
  for (int scene = 0; scene < SCENES; scene++)
    if (!strcmp(scenes[scene].title, title)) return &scenes[scene];
  exit(5);
}

static int judge(void) {
  pid_t killed, first;
  char name[128], title[128];
  while (scanf("%d %d %127s %127[^\n]%*c", &killed, &first, name, title) == 4) {
    struct survivors survivors;
    survivors_begin(&survivors, name, scene_of(title)->kind);
    puts(survivors_judge(&survivors, killed, first));
  }
  return 0;
}

int main(int words, char **word) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (words > 1 && !strcmp(word[1], "JUDGE")) return judge();
  for (int scene = 0; words > 1 && scene < SCENES; scene++) puts(scenes[scene].title);
  if (words > 1) return 0;
  where = (volatile int32_t *)mmap(NULL, sizeof *where, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  require((void *)where != MAP_FAILED);
  long steps;
  int is_judge;
  char name[128], title[128];
  while (scanf("%ld %d %127s %127[^\n]%*c", &steps, &is_judge, name, title) == 4)
    play(scene_of(title), name, steps, is_judge);
  return 0;
}
