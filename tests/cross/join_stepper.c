/* Processes that are killed behind any one instruction of joining a table of participants, or of leaving it.
 *
 *   join_stepper LIBRARY FILE     by the shim, or where LIBRARY is "-" by include/linux_ipc.h
 *
 * For each line "STEPS ACT" of its input, ACT being "join" or "leave":
 *   "refused": ptrace(2) is not allowed here; or
 *   "killed STEPS OWNER STORES", or "ended ..." of the whole act. OWNER: by what id it had joined; 0: it had not returned.
 *   STORES: the instructions, as "3,17,", behind which the table was another.
 * The victim has joined and left before, so that all its threads are running. */
#include "linux_ipc.h"

#include <dlfcn.h>
#include <stdlib.h>

#define TABLE_SIZE (LINUX_IPC_SLOTS * sizeof(struct linux_ipc_slot))

enum { BEFORE, ACTING, BEHIND };

/* Shared by the victim and who steps it. */
static volatile struct {
  int32_t where, owner;
} *act;

static const char *library, *file;

static void require(int yes) {
  if (!yes) exit(3);
}

#include "step.h"

/* -- the victim ----------------------------------------------------------------------------------------------------- */

static struct {
  double (*attach)(double fd, double table_offset, double slots, double environment);
  int32_t (*owner)(double participant), (*detach)(double participant);
  double participant;
} shim;
static struct linux_ipc ipc;
static int is_shim;

static void *symbol(void *image, const char *name) {
  void *found = dlsym(image, name);
  require(found != NULL);
  return found;
}

static void load(void) {
  void *image = dlopen(library, RTLD_NOW);
  require(image != NULL);
  shim.attach = (double (*)(double, double, double, double))symbol(image, "lipc_participant_attach");
  shim.owner = (int32_t (*)(double))symbol(image, "lipc_participant_owner");
  shim.detach = (int32_t (*)(double))symbol(image, "lipc_participant_detach");
}

static int32_t join(int fd) {
  if (!is_shim) return linux_ipc_attach(&ipc, fd, 0) < 0 ? -1 : (int32_t)ipc.owner;
  shim.participant = shim.attach(fd, 0, LINUX_IPC_SLOTS, 0);
  return shim.participant < 0 ? -1 : shim.owner(shim.participant);
}

static void leave(void) {
  if (is_shim) shim.detach(shim.participant);
  else linux_ipc_close(&ipc);
}

/* What attach takes over is closed with it. */
static int open_table(void) {
  int fd = open(file, O_RDWR | O_CLOEXEC);
  require(fd >= 0);
  return fd;
}

static pid_t start_victim(int is_join) {
  act->where = BEFORE;
  act->owner = 0;
  pid_t child = fork();
  if (child != 0) return child;
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0) _exit(REFUSED);
  if (is_shim) load();
  require(join(open_table()) > 0);
  leave();
  int fd = open_table();
  if (!is_join) act->owner = join(fd);
  raise(SIGSTOP);
  act->where = ACTING;
  if (is_join) act->owner = join(fd);
  else leave();
  act->where = BEHIND;
  for (;;) pause();
}

/* -- who steps it --------------------------------------------------------------------------------------------------- */

static uint8_t *table, before[TABLE_SIZE];

static int is_another(void) {
  int yes = memcmp(before, table, TABLE_SIZE) != 0;
  if (yes) memcpy(before, table, TABLE_SIZE);
  return yes;
}

/* Behind the instruction of this number, or at the end. */
static long step_to(pid_t child, long steps, char *stores, size_t room) {
  size_t length = 0;
  while (act->where == BEFORE) step(child);
  is_another();
  for (long done = 0; done < steps; done++) {
    if (act->where == BEHIND) return done;
    step(child);
    if (is_another() && length + 24 < room) length += (size_t)snprintf(stores + length, room - length, "%ld,", done + 1);
  }
  return steps;
}

static void play(long steps, int is_join) {
  char stores[1024] = "-";
  pid_t victim = start_victim(is_join);
  int status;
  require(waitpid(victim, &status, 0) == victim);
  if (WIFEXITED(status)) {
    require(WEXITSTATUS(status) == REFUSED);
    puts("refused");
    return;
  }
  long done = step_to(victim, steps, stores, sizeof stores);
  const char *end = act->where == BEHIND ? "ended" : "killed";
  kill_stepped(victim);
  printf("%s %ld %d %s\n", end, done, act->owner, stores);
}

int main(int words, char **word) {
  if (words != 3) return 1;
  library = word[1], file = word[2];
  is_shim = strcmp(library, "-") != 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  void *shared = mmap(NULL, sizeof *act, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int fd = open_table();
  table = (uint8_t *)mmap(NULL, TABLE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
  require(shared != MAP_FAILED && table != MAP_FAILED);
  act = shared;
  long steps;
  char name[16];
  while (scanf("%ld %15s", &steps, name) == 2) play(steps, strcmp(name, "join") == 0);
  return 0;
}
