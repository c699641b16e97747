/* The boot: which run of the kernel this is. What a file says of another one may be older than what other files, or other
 * pages of the same file, say: a power loss keeps what the kernel had written back, in any order. */
#include "internal.h"

#include <fcntl.h>
#include <unistd.h>

/* random(4), /proc/sys/kernel/random/boot_id: 31 bits of it (FNV-1a), never 0; or 0 where it cannot be read. Read each
 * time: a copy would be state of the process (D5), and whoever asks makes more system calls than these three. */
LIPC_EXPORT int32_t lipc_boot(void) {
  char text[64];
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, sizeof text);
  close(fd);
  if (length <= 0) return 0;
  uint32_t hash = 2166136261u;
  for (ssize_t at = 0; at < length; at++) hash = (hash ^ (uint8_t)text[at]) * 16777619u;
  hash &= INT32_MAX;
  return hash ? (int32_t)hash : 1;
}
