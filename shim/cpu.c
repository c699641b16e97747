/* Processors and threads: where a thread runs and how it is scheduled. By number, because musl refuses some of these.
 *
 * A thread id of 0 is the calling thread. */
#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry { /* struct linux_dirent64, as the kernel writes it */
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};
_Static_assert(offsetof(struct entry, name) == 19, "the kernel's layout");

/* getcpu(2): node << 16 | processor. */
LIPC_EXPORT int32_t lipc_getcpu(void) {
  unsigned cpu = 0, node = 0;
  if (syscall(SYS_getcpu, &cpu, &node, NULL) < 0) return -errno;
  return (int32_t)(node << 16 | cpu);
}

/* sched_setaffinity(2). */
LIPC_EXPORT int32_t lipc_sched_setaffinity(double thread, double size, double mask) {
  return checked(syscall(SYS_sched_setaffinity, (int)thread, (size_t)size, POINTER(mask)));
}

/* sched_getaffinity(2): how many bytes of the mask the kernel has written. */
LIPC_EXPORT int32_t lipc_sched_getaffinity(double thread, double size, double mask) {
  return checked(syscall(SYS_sched_getaffinity, (int)thread, (size_t)size, POINTER(mask)));
}

/* sched_setscheduler(2). */
LIPC_EXPORT int32_t lipc_sched_setscheduler(double thread, double policy, double priority) {
  int parameter = (int)priority; /* struct sched_param, as the kernel reads it */
  return checked(syscall(SYS_sched_setscheduler, (int)thread, (int)policy, &parameter));
}

/* sched_getscheduler(2): the policy, with SCHED_RESET_ON_FORK in bit 30. */
LIPC_EXPORT int32_t lipc_sched_getscheduler(double thread) {
  return checked(syscall(SYS_sched_getscheduler, (int)thread));
}

/* sched_getparam(2): the priority. */
LIPC_EXPORT int32_t lipc_sched_getparam(double thread) {
  int parameter = 0;
  return syscall(SYS_sched_getparam, (int)thread, &parameter) < 0 ? -errno : parameter;
}

/* Writes as many of this process's thread ids as there is room for; how many there are. */
LIPC_EXPORT int32_t lipc_thread_ids(double result, double room) {
  int32_t *ids = POINTER(result), count = 0;
  _Alignas(struct entry) char buffer[2048];
  int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  long length;
  while ((length = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
    for (long at = 0; at < length; at += ((struct entry *)(buffer + at))->length) {
      int id = atoi(((struct entry *)(buffer + at))->name);
      if (id <= 0) continue;
      if (count < (int32_t)room) ids[count] = id;
      count++;
    }
  int32_t error = length < 0 ? -errno : 0;
  close(fd);
  return error < 0 ? error : count;
}
