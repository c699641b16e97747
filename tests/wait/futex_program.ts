// A C program that speaks plain futex(2), and the tutorial's locks word for word, with an object in /dev/shm.

/**
 * NAME OFFSET then wake COUNT | wait EXPECTED | lock ROUNDS | spin ROUNDS | hold | hold-spin [MILLISECONDS]
 *
 * Who holds does so until a line comes; with MILLISECONDS, so long behind the instant at which the word 72 bytes further is
 * not 0: a line might not leave this process while its thread blocks.
 */
export const futexProgram = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Atomic int *word;
static long futex(int operation, int value) { return syscall(SYS_futex, word, operation, value, NULL, NULL, 0); }

static void lock(void) {
  int expected = 0;
  if (atomic_compare_exchange_strong(word, &expected, 1)) return;
  while (atomic_exchange(word, 2) != 0) futex(FUTEX_WAIT, 2);
}
static void unlock(void) {
  if (atomic_exchange(word, 0) == 2) futex(FUTEX_WAKE, 1);
}
static void spin(void) {
  while (atomic_flag_test_and_set_explicit((atomic_flag *)word, memory_order_acquire)) __asm__ volatile("" ::: "memory");
}
static void unspin(void) { atomic_flag_clear_explicit((atomic_flag *)word, memory_order_release); }

static void stay(long milliseconds) {
  if (!milliseconds) {
    getchar();
    return;
  }
  while (!word[18]) usleep(500);
  usleep(milliseconds * 1000);
}

static void say(long number) {
  printf("%ld\\n", number);
  fflush(stdout);
}

int main(int count, char **words) {
  if (count < 4) return 1;
  int fd = shm_open(words[1], O_RDWR, 0);
  struct stat status;
  if (fd < 0 || fstat(fd, &status)) return 2;
  uint8_t *bytes = mmap(NULL, status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  long offset = atol(words[2]), number = count > 4 ? atol(words[4]) : 0;
  word = (_Atomic int *)(bytes + offset);
  volatile uint64_t *counter = (volatile uint64_t *)(bytes + offset + 64);
  const char *what = words[3];
  if (!strcmp(what, "wake")) say(futex(FUTEX_WAKE, (int)number));
  if (!strcmp(what, "wait")) {
    say(getpid());
    say(futex(FUTEX_WAIT, (int)number) ? errno : 0);
  }
  if (!strcmp(what, "hold")) {
    lock();
    say(getpid());
    stay(number);
    unlock();
  }
  if (!strcmp(what, "hold-spin")) {
    spin();
    say(getpid());
    stay(number);
    unspin();
  }
  if (!strcmp(what, "lock") || !strcmp(what, "spin")) {
    say(getpid());
    getchar();
    for (long i = 0; i < number; i++) {
      if (*what == 'l') lock(); else spin();
      ++*counter;
      if (*what == 'l') unlock(); else unspin();
    }
    say(number);
  }
  return 0;
}
`;
