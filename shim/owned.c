/* Descriptors that end with their environment: a Worker ends without close, and the process lives on. What the descriptor
 * locks is given back, and its number is free again. Or only what it locks: of one that others may have, too. */
#include "internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct owned {
  struct owned *next, *previous;
  struct environment *environment;
  int fd;
  bool only_locks;
};

static struct owned all = {.next = &all, .previous = &all}; /* a ring with a head */
static shim_lock all_lock;

static double add(double fd, double environment, bool only_locks) {
  struct owned *owned = calloc(1, sizeof *owned);
  if (!owned) return -ENOMEM;
  shim_lock_take(&all_lock);
  *owned = (struct owned){all.next, &all, POINTER(environment), (int)fd, only_locks};
  all.next->previous = owned;
  all.next = owned;
  shim_lock_release(&all_lock);
  return (double)(uintptr_t)owned;
}

/* The descriptor is closed when the environment ends. A handle for lipc_disown, or -errno. */
LIPC_EXPORT double lipc_own(double fd, double environment) { return add(fd, environment, false); }

/* As lipc_own, but the descriptor stays open, and its open file locks nothing (OFD). */
LIPC_EXPORT double lipc_own_locks(double fd, double environment) { return add(fd, environment, true); }

/* With all_lock held. */
static void discard(struct owned *owned) {
  owned->next->previous = owned->previous;
  owned->previous->next = owned->next;
  free(owned);
}

/* Its owner closes it itself. */
LIPC_EXPORT int32_t lipc_disown(double handle) {
  struct owned *owned = POINTER(handle);
  if (!owned) return -EINVAL;
  shim_lock_take(&all_lock);
  discard(owned);
  shim_lock_release(&all_lock);
  return 0;
}

static void end(const struct owned *owned) {
  struct flock whole = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
  if (owned->only_locks) fcntl(owned->fd, F_OFD_SETLK, &whole);
  else close(owned->fd);
}

/* An environment ends, and nothing of it uses the descriptors any more. */
void owned_forget(struct environment *environment) {
  shim_lock_take(&all_lock);
  for (struct owned *owned = all.next, *next; owned != &all; owned = next) {
    next = owned->next;
    if (owned->environment != environment) continue;
    end(owned);
    discard(owned);
  }
  shim_lock_release(&all_lock);
}
