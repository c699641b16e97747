/* A peer of the tests of participants without a runtime: LIBRARY FILE. The watchdog and this thread mark the dead of the
 * table at byte 0 at once, and somebody joins while the watchdog is on its way to mark the last holder of slot 1. Says
 * whether that one is dead now. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile int is_armed, is_stopped, goes_on, has_gone;
static pid_t main_thread;

/* In place of the C library's, for the shim, too: behind the lock of a slot that it has got, the watchdog stops. */
int fcntl(int fd, int command, ...) {
  static int (*next)(int, int, ...);
  va_list rest;
  va_start(rest, command);
  struct flock *lock = va_arg(rest, struct flock *);
  va_end(rest);
  if (!next) next = (int (*)(int, int, ...))dlsym(RTLD_NEXT, "fcntl");
  int result = next(fd, command, lock);
  if (!is_armed || gettid() == main_thread || command != F_OFD_SETLK || result < 0) return result;
  if (lock->l_type == F_UNLCK) has_gone = 1;
  if (lock->l_type == F_UNLCK || is_stopped) return result;
  is_stopped = 1;
  for (int looks = 0; looks < 500 && !goes_on; looks++) usleep(1000); /* or this thread waits for it */
  return result;
}

static void *library;
#define CALL(type, name) ((type)dlsym(library, "lipc_" name))
typedef double four(double, double, double, double);
typedef int two(double, double);
typedef int one(double);

int main(int words, char **word) {
  if (words != 3 || !(library = dlopen(word[1], RTLD_NOW))) return 1;
  int fd = open(word[2], O_RDWR | O_CLOEXEC);
  uint32_t *table = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (table == MAP_FAILED) return 2;
  main_thread = gettid();
  double participant = CALL(four *, "participant_attach")(fd, 0, 128, 0);
  table[16] = 12345, table[17] = 1; /* a thread that is no more, of a slot that nobody has locked */
  is_armed = 1;
  double watch = CALL(four *, "watch_add")((double)(uintptr_t)table, participant, 1, 0); /* our own life */
  CALL(two *, "watch_arm")(watch, table[0]);
  while (!is_stopped) usleep(1000);
  CALL(one *, "participant_bury")(participant);
  double newcomer = CALL(four *, "participant_attach")(fd, 0, 128, 0);
  goes_on = 1;
  while (!has_gone) usleep(1000);
  int owner = CALL(one *, "participant_owner")(newcomer);
  printf("slot %d is %s\n", (owner & 1023) - 1, CALL(two *, "participant_dead")(participant, owner) ? "dead" : "alive");
  return 0;
}
