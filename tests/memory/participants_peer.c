/* The C peer of the tests of participants: FILE COUNT TABLES AGAIN. As joinMany of peer.ts, on include/linux_ipc.h; ends by
 * itself where AGAIN is 0. */
#include "linux_ipc.h"

#include <stdlib.h>
#include <sys/resource.h>

#define MOST 3000

static struct linux_ipc all[MOST];

static void join(const char *path, int first, int count, int tables) {
  for (int index = 0; index < count; index++) {
    struct linux_ipc *ipc = &all[first + index];
    uint32_t offset = (uint32_t)(index % tables) * LINUX_IPC_SLOTS * sizeof(struct linux_ipc_slot);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || linux_ipc_attach(ipc, fd, offset) < 0) exit(2);
    printf("%u%s", ipc->owner, index + 1 < count ? "," : "\n");
  }
  fflush(stdout);
}

int main(int words, char **word) {
  if (words != 5) return 1;
  int count = atoi(word[2]), tables = atoi(word[3]), again = atoi(word[4]);
  if (count + again > MOST) return 1;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  join(word[1], 0, count, tables);
  getchar();
  for (int index = 0; index < again; index++) linux_ipc_close(&all[index]);
  join(word[1], count, again, tables);
  if (again > 0) pause();
  return 0;
}
