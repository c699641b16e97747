/* Two plugins of one process that share what one of them has opened, on include/linux_ipc.h. As a program: A B NAME, where A
 * locks the Mutex of this name, and B closes it. With PLUGIN defined, such a plugin. */
#define _GNU_SOURCE
#ifdef PLUGIN
#include "linux_ipc.h"

static struct linux_ipc ipc;

struct linux_ipc *plugin_lock(const char *name) {
  if (linux_ipc_open(&ipc, name, LINUX_IPC_MUTEX) < 0) return NULL;
  return linux_ipc_mutex_lock(&ipc, (struct linux_ipc_mutex *)linux_ipc_object(&ipc), -1) < 0 ? NULL : &ipc;
}

void plugin_close(struct linux_ipc *opened) { linux_ipc_close(opened); }
#else
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **words) {
  void *a = count < 4 ? NULL : dlopen(words[1], RTLD_NOW), *b = a ? dlopen(words[2], RTLD_NOW) : NULL;
  if (!b) return 1;
  void *opened = ((void *(*)(const char *))dlsym(a, "plugin_lock"))(words[3]);
  if (!opened) return 2;
  ((void (*)(void *))dlsym(b, "plugin_close"))(opened);
  puts("closed");
  return 0;
}
#endif
