/* The C victim, on include/linux_ipc.h: killed behind any one instruction of an operation, to which it is single-stepped.
 *
 *   stepper LIST     the titles of what it can do, those of the scenes in TypeScript
 *   stepper JUDGE    for each line "VICTIM FIRST NAME TITLE" of its input: what the death of one of TypeScript came to
 *   stepper          for each line "STEPS JUDGE NAME TITLE" of its input:
 *                      "refused": ptrace(2) is not allowed here; or
 *                      "ready VICTIM FIRST", the process ids of the one that will be killed and the one that was before;
 *                      then, after another line, "killed STEPS WHERE STORES OUTCOME", or "ended ..." of the whole
 *                    WHERE is "holding" in certain possession, or "-". STORES: the instructions, as "3,17,", behind
 *                    which the object was another. JUDGE 1: another C process looks what the death came to
 *                    (survivor.h); 0: OUTCOME is "-"
 */
#include "linux_ipc.h"

#include <stdlib.h>

#include "acts.h"
#include "step.h"
#include "survivor.h"

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

static void play(const struct scene *scene, const char *name, long steps, int is_judge) {
  char line[16], stores[1024] = "-";
  struct survivors survivors;
  if (is_judge) survivors_begin(&survivors, name, scene->kind);
  pid_t first = start_first(scene, name);
  victim = start_victim(scene, name);
  int status;
  require(waitpid(victim, &status, 0) == victim);
  if (WIFEXITED(status)) {
    require(WEXITSTATUS(status) == REFUSED);
    puts("refused");
    return;
  }
  printf("ready %d %d\n", victim, first);
  require(fgets(line, sizeof line, stdin) != NULL);
  see(name);
  long done = step_to(victim, steps, stores, sizeof stores);
  munmap(seen.bytes, seen.size);
  const char *place = *where == HOLDING ? "holding" : "-", *end = *where == BEHIND ? "ended" : "killed";
  kill_stepped(victim);
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
