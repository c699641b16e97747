/* Mappings after they are made: advice, locking in memory, writing back; and the small files that tell of limits. */
#include "internal.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define HUGETLBFS 0x958458f6 /* f_type of memfds with MFD_HUGETLB, and of files in a hugetlbfs */

/* The size of the pages in which this descriptor is mapped: fstatfs(2) tells it of huge pages. -1 = no descriptor. */
LIPC_EXPORT double lipc_page_size(double fd) {
  struct statfs status;
  if ((int)fd >= 0 && fstatfs((int)fd, &status) < 0) return -errno;
  if ((int)fd >= 0 && (uint32_t)status.f_type == HUGETLBFS) return (double)status.f_bsize;
  return (double)getauxval(AT_PAGESZ);
}

/* madvise(2). */
LIPC_EXPORT int32_t lipc_madvise(double address, double length, double advice) {
  return checked(madvise(POINTER(address), (size_t)length, (int)advice));
}

/* mincore(2): bytes of these whole pages that are in memory, of files in the page cache; or -errno. */
LIPC_EXPORT double lipc_resident(double address, double length) {
  unsigned char present[4096];
  const size_t page = getauxval(AT_PAGESZ);
  size_t pages = (size_t)length / page, count = 0;
  for (size_t first = 0; first < pages; first += sizeof present) {
    size_t chunk = pages - first < sizeof present ? pages - first : sizeof present;
    if (mincore((uint8_t *)POINTER(address) + first * page, chunk * page, present) < 0) return -errno;
    for (size_t at = 0; at < chunk; at++) count += present[at] & 1;
  }
  return (double)(count * page);
}

/* msync(2). */
LIPC_EXPORT int32_t lipc_msync(double address, double length, double flags) {
  return checked(msync(POINTER(address), (size_t)length, (int)flags));
}

/* sync_file_range(2), SYNC_FILE_RANGE_WRITE: dirty pages start on their way to the disk; nobody waits for them. */
LIPC_EXPORT int32_t lipc_sync_file_range(double fd, double offset, double length) {
  return checked(syscall(SYS_sync_file_range, (int)fd, (int64_t)offset, (int64_t)length, 2u));
}

/* fsync(2). */
LIPC_EXPORT int32_t lipc_fsync(double fd) { return checked(fsync((int)fd)); }

/* fallocate(2), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE: the range reads as zeros and its space is given back. */
LIPC_EXPORT int32_t lipc_punch_hole(double fd, double offset, double length) {
  int32_t result;
  do
    result = checked(syscall(SYS_fallocate, (int)fd, 3, (int64_t)offset, (int64_t)length));
  while (result == -EINTR);
  return result;
}

/* mlock2(2): with flag 1, MLOCK_ONFAULT, pages are locked once they are touched, and none is touched here. */
LIPC_EXPORT int32_t lipc_mlock(double address, double length, double flags) {
  return checked(syscall(SYS_mlock2, POINTER(address), (size_t)length, (int)flags));
}

/* munlock(2). */
LIPC_EXPORT int32_t lipc_munlock(double address, double length) {
  return checked(munlock(POINTER(address), (size_t)length));
}

/* munlockall(2). */
LIPC_EXPORT int32_t lipc_munlockall(void) { return checked(munlockall()); }

/* prlimit(2) of this process: the soft limit; 2^64 where there is none. */
LIPC_EXPORT double lipc_resource_limit(double resource) {
  uint64_t limit[2]; /* struct rlimit64 */
  if (syscall(SYS_prlimit64, 0, (int)resource, NULL, limit) < 0) return -errno;
  return (double)limit[0];
}

/* pread(2). */
LIPC_EXPORT int32_t lipc_pread(double fd, double address, double length, double offset) {
  int32_t result;
  do
    result = checked(pread((int)fd, POINTER(address), (size_t)length, (off_t)offset));
  while (result == -EINTR);
  return result;
}
