/* Descriptors in the event loop: one thread asleep in epoll_wait(2) that tells environments what has become ready.
 *
 * Each watch is one-shot: it tells once and is armed anew by its owner. */
#include "internal.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct descriptor_watch {
  struct notice notice;
  struct descriptor_watch *next;
  int fd;
};

static struct descriptor_watch *watches;
static shim_lock watches_lock;
static int epoll_fd = -1; /* under watches_lock; the thread starts with it */

static void *descriptor_main(void *argument) {
  int fd = (int)(intptr_t)argument;
  struct epoll_event event;
  for (;;) {
    if (epoll_wait(fd, &event, 1, -1) != 1) continue;
    shim_lock_take(&watches_lock); /* one that has been removed in between is not in the list any more */
    for (struct descriptor_watch *watch = watches; watch; watch = watch->next)
      if (watch == event.data.ptr) notice_post(&watch->notice);
    shim_lock_release(&watches_lock);
  }
  return NULL;
}

/* With watches_lock held. */
static int32_t start(void) {
  if (epoll_fd >= 0) return 0;
  int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return -errno;
  int32_t result = start_thread(descriptor_main, (void *)(intptr_t)fd);
  if (result < 0)
    close(fd);
  else
    epoll_fd = fd;
  return result;
}

/* epoll_ctl(2), EPOLL_CTL_ADD, one-shot: tells `id` once when `fd` has one of `events`. The watch's address, or -errno. */
LIPC_EXPORT double lipc_descriptor_add(double fd, double events, double id, double environment) {
  struct descriptor_watch *watch = calloc(1, sizeof *watch);
  if (!watch) return -ENOMEM;
  watch->notice.environment = POINTER(environment);
  watch->notice.id = (int32_t)id;
  watch->fd = (int)fd;
  struct epoll_event event = {.events = (uint32_t)events | EPOLLONESHOT, .data.ptr = watch};
  shim_lock_take(&watches_lock);
  int32_t result = start();
  if (result == 0) result = checked(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, watch->fd, &event));
  if (result == 0) {
    watch->next = watches;
    watches = watch;
  }
  shim_lock_release(&watches_lock);
  if (result == 0) return (double)(uintptr_t)watch;
  free(watch);
  return result;
}

/* With watches_lock held; the descriptor is still open, or its owner ends. */
static void discard(struct descriptor_watch **at) {
  struct descriptor_watch *watch = *at;
  *at = watch->next;
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, watch->fd, &(struct epoll_event){0});
  notice_drop(&watch->notice);
  free(watch);
}

/* epoll_ctl(2), EPOLL_CTL_DEL. Before the descriptor is closed. */
LIPC_EXPORT int32_t lipc_descriptor_remove(double handle) {
  shim_lock_take(&watches_lock);
  struct descriptor_watch **at = &watches;
  while (*at && *at != (struct descriptor_watch *)POINTER(handle)) at = &(*at)->next;
  int32_t result = *at ? 0 : -EINVAL;
  if (*at) discard(at);
  shim_lock_release(&watches_lock);
  return result;
}

void descriptor_forget(struct environment *environment) {
  shim_lock_take(&watches_lock);
  for (struct descriptor_watch **at = &watches; *at;)
    if ((*at)->notice.environment == environment)
      discard(at);
    else
      at = &(*at)->next;
  shim_lock_release(&watches_lock);
}

/* pidfd_open(2): a descriptor that means this process and never a later one of the same number. */
LIPC_EXPORT int32_t lipc_pidfd_open(double pid) { return checked(syscall(SYS_pidfd_open, (int)pid, 0)); }

/* ppoll(2) of one descriptor until the deadline: its events; 0 at the deadline; -EINTR, the caller loops. */
LIPC_EXPORT int32_t lipc_poll(double fd, double events, double deadline) {
  struct pollfd one = {.fd = (int)fd, .events = (short)events};
  int64_t left = (int64_t)deadline - now_ns();
  if (left < 0) left = 0;
  struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
  int32_t result = checked(ppoll(&one, 1, deadline < 0 ? NULL : &timeout, NULL));
  return result > 0 ? one.revents : result;
}
