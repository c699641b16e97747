/* Memory policy and the whereabouts of pages, by system call: no libnuma, and none of its structs.
 *
 * A node mask is an array of 64-bit words; `nodes` is how many bits it has, plus one, as the kernel counts. */
#include "internal.h"

#include <sys/syscall.h>
#include <unistd.h>

#define PAGES_AT_ONCE 256

/* mbind(2). */
LIPC_EXPORT int32_t lipc_mbind(double address, double length, double mode, double mask, double nodes, double flags) {
  return checked(syscall(SYS_mbind, POINTER(address), (size_t)length, (int)mode, POINTER(mask), (unsigned long)nodes,
                         (unsigned)flags));
}

/* set_mempolicy(2): of the calling thread, and of the threads that it starts from now on. */
LIPC_EXPORT int32_t lipc_set_mempolicy(double mode, double mask, double nodes) {
  return checked(syscall(SYS_set_mempolicy, (int)mode, POINTER(mask), (unsigned long)nodes));
}

/* get_mempolicy(2): the mode; the nodes are written to `mask`. `flags` chooses thread, address or what is allowed. */
LIPC_EXPORT int32_t lipc_get_mempolicy(double mask, double nodes, double address, double flags) {
  int mode = 0;
  long result = syscall(SYS_get_mempolicy, &mode, POINTER(mask), (unsigned long)nodes, POINTER(address),
                        (unsigned long)flags);
  return result < 0 ? -errno : mode;
}

/* move_pages(2) that moves nothing: writes for each of `count` pages its node, or -errno (-ENOENT: not there yet). */
LIPC_EXPORT int32_t lipc_move_pages(double address, double page_size, double count, double result) {
  int32_t *nodes = POINTER(result);
  void *pages[PAGES_AT_ONCE];
  for (size_t done = 0, left; (left = (size_t)count - done) > 0; done += left) {
    if (left > PAGES_AT_ONCE) left = PAGES_AT_ONCE;
    for (size_t i = 0; i < left; i++) pages[i] = POINTER(address + (double)(done + i) * page_size);
    if (syscall(SYS_move_pages, 0, left, pages, NULL, nodes + done, 0) < 0) return -errno;
  }
  return 0;
}
