/* Where closed memory stood: kept empty for a while, so that nothing else comes to stand there. Who knows nothing of the
 * close (a thread of the runtime that compresses, hashes or reads a file) gets EFAULT from the kernel, or ends the process;
 * in what had been mapped there since, it would have read and written somebody else's bytes. */
#include "internal.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define RANGES_MOST 1024
#define BYTES_MOST ((size_t)1 << 36)

/* The oldest of them makes room. */
static struct range {
  void *start;
  size_t length;
} ranges[RANGES_MOST];
static uint32_t oldest, count;
static size_t bytes;
static shim_lock ranges_lock;

static void drop_oldest(void) {
  const struct range *range = &ranges[oldest];
  munmap(range->start, range->length);
  bytes -= range->length;
  oldest = (oldest + 1) % RANGES_MOST;
  count--;
}

static void keep(void *start, size_t length) {
  shim_lock_take(&ranges_lock);
  while (count > 0 && (count == RANGES_MOST || bytes + length > BYTES_MOST)) drop_oldest();
  ranges[(oldest + count++) % RANGES_MOST] = (struct range){start, length};
  bytes += length;
  shim_lock_release(&ranges_lock);
}

/* Where the address space is rationed (ulimit -v), what is empty would count as well. */
static bool is_rationed(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

/* munmap(2); the place stays empty. */
LIPC_EXPORT int32_t lipc_vacate(double address, double length) {
  void *start = POINTER(address);
  const size_t size = (size_t)length;
  const int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (is_rationed() || mmap(start, size, PROT_NONE, kind, -1, 0) == MAP_FAILED) return checked(munmap(start, size));
  munlock(start, size); /* what mlockall(2) has locked in advance counts, too */
  keep(start, size);
  return 0;
}

/* Gives every place back: no mapping more could be had. */
void vacant_release(void) {
  shim_lock_take(&ranges_lock);
  while (count > 0) drop_oldest();
  shim_lock_release(&ranges_lock);
}
