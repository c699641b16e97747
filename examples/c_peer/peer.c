/* Takes the mutex that main.ts made, and dies with it: cc -std=c11 -I include -o /tmp/peer examples/c_peer/peer.c -pthread */
#include "linux_ipc.h"

int main(int count, char **words) {
  struct linux_ipc ipc;
  int32_t result = linux_ipc_open(&ipc, count > 1 ? words[1] : "/linux-ipc-c-peer", LINUX_IPC_MUTEX);
  if (result < 0) return fprintf(stderr, "no mutex there: %s\n", strerror(-result)), 1;

  struct linux_ipc_mutex *mutex = (struct linux_ipc_mutex *)linux_ipc_object(&ipc);
  result = linux_ipc_mutex_lock(&ipc, mutex, 10000000000); /* ns */
  if (result < 0) return fprintf(stderr, "not taken: %s\n", strerror(-result)), 1;
  puts("C has the mutex, and is killed");
  fflush(stdout);
  raise(SIGKILL); /* in place of linux_ipc_mutex_unlock(&ipc, mutex) and linux_ipc_close(&ipc) */
  return 0;
}
