/* The fault guard: a SIGBUS inside a registered mapping becomes a counter and a page of zeros, not a dead process.
 *
 * A mapping loses its backing when a peer truncates the file or (without reservation) the file system is full. The
 * handler puts an anonymous page there, counts the fault and returns; everything else goes to the handler that the
 * runtime had installed before. The table below is the documented process state; a handler may not take locks, so a
 * slot is published by its length and withdrawn by zeroing it. */
#include "internal.h"

#include <signal.h>
#include <sys/mman.h>

#define GUARDS_MAX 4096
#define PAGE_SIZE 4096ul /* the smallest page of both architectures: a finer hole is always safe */

static struct {
  _Atomic uintptr_t start;
  _Atomic size_t length; /* 0 = free */
  _Atomic int32_t faults;
} guards[GUARDS_MAX];
static struct sigaction previous;
static _Atomic bool installed;
static shim_lock table_lock;

static int32_t guard_of(uintptr_t address) {
  for (int32_t i = 0; i < GUARDS_MAX; i++) {
    size_t length = atomic_load(&guards[i].length);
    if (length != 0 && address - atomic_load(&guards[i].start) < length) return i;
  }
  return -1;
}

static void chain(int signal, siginfo_t *info, void *context) {
  if (previous.sa_flags & SA_SIGINFO)
    previous.sa_sigaction(signal, info, context);
  else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
    previous.sa_handler(signal);
  else
    sigaction(SIGBUS, &previous, NULL); /* the instruction faults again and the default action follows */
}

static void on_bus_error(int signal, siginfo_t *info, void *context) {
  int saved = errno;
  uintptr_t address = (uintptr_t)info->si_addr;
  int32_t guard = guard_of(address);
  void *page = (void *)(address & ~(PAGE_SIZE - 1));
  if (guard < 0 || mmap(page, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
                       MAP_FAILED)
    chain(signal, info, context);
  else
    atomic_fetch_add(&guards[guard].faults, 1);
  errno = saved;
}

static int32_t install(void) {
  if (atomic_load(&installed)) return 0;
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
  action.sa_sigaction = on_bus_error;
  sigfillset(&action.sa_mask);
  if (sigaction(SIGBUS, &action, &previous) < 0) return -errno;
  atomic_store(&installed, true);
  return 0;
}

/* Guards [address, address + length): the guard's number, or -ENOSPC when the table is full. */
LIPC_EXPORT int32_t lipc_guard_add(double address, double length) {
  shim_lock_take(&table_lock);
  int32_t result = install();
  for (int32_t i = 0; result == 0 && i <= GUARDS_MAX; i++) {
    if (i == GUARDS_MAX)
      result = -ENOSPC;
    else if (atomic_load(&guards[i].length) == 0) {
      atomic_store(&guards[i].start, (uintptr_t)address);
      atomic_store(&guards[i].faults, 0);
      atomic_store(&guards[i].length, (size_t)length);
      result = i;
      break;
    }
  }
  shim_lock_release(&table_lock);
  return result;
}

/* Forgets the range, before it is unmapped. */
LIPC_EXPORT int32_t lipc_guard_remove(double guard) {
  if (!(guard >= 0 && guard < GUARDS_MAX)) return -EINVAL;
  atomic_store(&guards[(int)guard].length, 0);
  return 0;
}

/* How many pages of the range have been lost. */
LIPC_EXPORT int32_t lipc_guard_faults(double guard) {
  if (!(guard >= 0 && guard < GUARDS_MAX)) return -EINVAL;
  return atomic_load(&guards[(int)guard].faults);
}
