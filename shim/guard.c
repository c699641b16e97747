/* The fault guard: a SIGBUS inside a registered mapping becomes a counter and a page of zeros, not a dead process.
 *
 * A mapping loses its backing when a peer truncates the file or (without reservation) the file system is full. The
 * handler puts an anonymous page there, counts the fault and returns; everything else goes to the handler that the
 * runtime had installed before. The table below is the documented process state; a handler may not take locks, so a
 * slot is published by its length and withdrawn by zeroing it. The table grows by chunks, which are never given back:
 * the handler may be in any of them. */
#include "internal.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GUARDS_IN_CHUNK 4096
#define PAGE_LEAST 4096ul     /* the smallest page of both architectures */
#define PAGE_MOST (1ul << 34) /* the largest */

struct guard {
  _Atomic uintptr_t start;
  _Atomic size_t length; /* 0 = free */
  _Atomic int32_t faults;
  _Atomic uintptr_t lowest; /* of the pages that were lost; UINTPTR_MAX before the first one */
};
static struct chunk {
  struct guard guards[GUARDS_IN_CHUNK];
  struct chunk *_Atomic next;
} first_chunk;
static struct sigaction previous;
static _Atomic bool installed;
static shim_lock table_lock;
static void *_Atomic spare; /* a mapping that put_rest gives up to get its own; NULL = in use, or none */

static struct guard *guard_of(uintptr_t address) {
  for (struct chunk *chunk = &first_chunk; chunk; chunk = atomic_load(&chunk->next))
    for (int32_t i = 0; i < GUARDS_IN_CHUNK; i++) {
      struct guard *guard = &chunk->guards[i];
      size_t length = atomic_load(&guard->length);
      if (length != 0 && address - atomic_load(&guard->start) < length) return guard;
    }
  return NULL;
}

/* The guard of this number, or NULL where there is none. */
static struct guard *guard_at(double number) {
  if (!(number >= 0 && number <= INT32_MAX)) return NULL;
  int32_t index = (int32_t)number;
  struct chunk *chunk = &first_chunk;
  for (; chunk && index >= GUARDS_IN_CHUNK; index -= GUARDS_IN_CHUNK) chunk = atomic_load(&chunk->next);
  return chunk ? &chunk->guards[index] : NULL;
}

/* Somebody has sent it with kill(2): if it is to end the process now, no instruction will fault again and do that. It is
 * blocked until the handler returns, and comes then. */
static void send_again(int signal) {
  struct sigaction now;
  if (sigaction(signal, NULL, &now) < 0 || now.sa_flags & SA_SIGINFO || now.sa_handler != SIG_DFL) return;
  syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), signal);
}

static void chain(int signal, siginfo_t *info, void *context) {
  if (previous.sa_flags & SA_SIGINFO)
    previous.sa_sigaction(signal, info, context);
  else if (previous.sa_handler == SIG_DFL || (previous.sa_handler == SIG_IGN && info->si_code > 0))
    sigaction(SIGBUS, &previous, NULL); /* the instruction faults again and the default action follows */
  else if (previous.sa_handler != SIG_IGN)
    previous.sa_handler(signal);
  if (info->si_code <= 0) send_again(signal);
}

static bool put(uintptr_t page, size_t size, int more) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | more;
  return mmap((void *)page, size, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED;
}

/* One page of zeros has been put there. */
static void count_page(struct guard *guard, uintptr_t page) {
  uintptr_t lowest = atomic_load(&guard->lowest);
  while (page < lowest && !atomic_compare_exchange_weak(&guard->lowest, &lowest, page));
  atomic_fetch_add(&guard->faults, 1);
}

/* Shared, so that it merges with no other. */
static void take_spare(void) {
  void *page = mmap(NULL, PAGE_LEAST, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page != MAP_FAILED) atomic_store(&spare, page);
}

/* The kernel has no room for one mapping more (vm.max_map_count): so many pages were lost here and there. What lies
 * behind the lowest of them becomes one mapping, which gives room back; nearly always a truncate has taken all of it. */
static bool put_rest(struct guard *guard, uintptr_t page, uintptr_t size) {
  uintptr_t lowest = atomic_load(&guard->lowest), from = (lowest < page ? lowest : page) & ~(size - 1);
  uintptr_t end = (atomic_load(&guard->start) + atomic_load(&guard->length) + size - 1) & ~(size - 1);
  void *given = atomic_exchange(&spare, NULL);
  if (given) munmap(given, PAGE_LEAST); /* the last hole may have left one mapping more than there may be */
  bool is_put = put(from, end - from, MAP_NORESERVE);
  if (given) take_spare();
  if (!is_put) return false;
  uintptr_t count = (end - from) / size;
  atomic_store(&guard->faults, count < INT32_MAX ? (int32_t)count : INT32_MAX);
  return true;
}

/* `put` has failed: whether because the mapping lets only larger pages go. Kernels such as 6.1 say ENOMEM for that, too;
 * only of a protection that would end within a page they say what they mean. */
static bool is_too_small(uintptr_t page, uintptr_t size) {
  return errno == EINVAL || (errno == ENOMEM && mprotect((void *)page, size, PROT_NONE) < 0 && errno == EINVAL);
}

/* Zeros in place of the page that is lost: of the smallest one that its mapping lets go. Huge pages go whole, as do those
 * of a kernel whose ordinary pages are larger. No hole begins before the mapping. */
static bool put_zeros(struct guard *guard, uintptr_t address) {
  for (uintptr_t size = PAGE_LEAST; size <= PAGE_MOST; size *= 2) {
    uintptr_t page = address & ~(size - 1);
    if (size > PAGE_LEAST && page < atomic_load(&guard->start)) return false;
    if (put(page, size, 0)) {
      count_page(guard, page);
      return true;
    }
    int failure = errno;
    if (!is_too_small(page, size)) return failure == ENOMEM && put_rest(guard, page, size);
  }
  return false;
}

/* A page that is not there; not an address that is not aligned, and not somebody's kill(2). */
static bool is_lost_page(const siginfo_t *info) { return info->si_code == BUS_ADRERR || info->si_code == BUS_MCEERR_AR; }

static void on_bus_error(int signal, siginfo_t *info, void *context) {
  int saved = errno;
  uintptr_t address = (uintptr_t)info->si_addr;
  struct guard *guard = is_lost_page(info) ? guard_of(address) : NULL;
  if (!guard || !put_zeros(guard, address)) chain(signal, info, context);
  errno = saved;
}

static int32_t install(void) {
  if (atomic_load(&installed)) return 0;
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
  action.sa_sigaction = on_bus_error;
  sigfillset(&action.sa_mask);
  if (sigaction(SIGBUS, &action, &previous) < 0) return -errno;
  take_spare();
  atomic_store(&installed, true);
  return 0;
}

/* Zeros, published by one store: the handler sees none of the chunk or all of it. */
static struct chunk *add_chunk(struct chunk *last) {
  struct chunk *chunk = mmap(NULL, sizeof *chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (chunk == MAP_FAILED) return NULL;
  atomic_store(&last->next, chunk);
  return chunk;
}

/* With the lock held: the number of a free guard, or -ENOMEM. */
static int32_t free_guard(void) {
  int32_t number = 0;
  for (struct chunk *chunk = &first_chunk;;) {
    for (int32_t i = 0; i < GUARDS_IN_CHUNK; i++, number++)
      if (atomic_load(&chunk->guards[i].length) == 0) return number;
    struct chunk *next = atomic_load(&chunk->next);
    if (!next && !(next = add_chunk(chunk))) return -ENOMEM;
    chunk = next;
  }
}

/* Guards [address, address + length): the guard's number, or -ENOMEM where the table cannot grow. */
LIPC_EXPORT int32_t lipc_guard_add(double address, double length) {
  shim_lock_take(&table_lock);
  int32_t result = install();
  if (result == 0) result = free_guard();
  if (result >= 0) {
    struct guard *guard = guard_at(result);
    atomic_store(&guard->start, (uintptr_t)address);
    atomic_store(&guard->faults, 0);
    atomic_store(&guard->lowest, UINTPTR_MAX);
    atomic_store(&guard->length, (size_t)length);
  }
  shim_lock_release(&table_lock);
  return result;
}

/* Forgets the range, before it is unmapped. */
LIPC_EXPORT int32_t lipc_guard_remove(double number) {
  struct guard *guard = guard_at(number);
  if (!guard) return -EINVAL;
  atomic_store(&guard->length, 0);
  return 0;
}

/* How many pages of the range have been lost. */
LIPC_EXPORT int32_t lipc_guard_faults(double number) {
  struct guard *guard = guard_at(number);
  return guard ? atomic_load(&guard->faults) : -EINVAL;
}
