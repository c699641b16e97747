/* Participants: who is attached to a segment, proven alive by the kernel (DESIGN.md, liveness).
 *
 * A slot of the table is held by an OFD lock on one byte of the file (the authority: it proves every predecessor dead)
 * and carries a life word which the kernel marks when the holder's engine thread ends, however it ends. Robust-list
 * entries must stand at one fixed distance from their life words and may not lie in shared memory, so each attachment
 * maps the table a second time, behind a private area that holds the entries:
 *
 *   [ private: entries, LIFE_OFFSET bytes ][ shared: the pages of the table ]
 *             entry i  <------ LIFE_OFFSET ------>  life word of slot i
 */
#include "internal.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLOT_SIZE 64
#define SLOTS_MAX 128
#define GENERATION_MASK 0x1fffffu
#define LIFE_WITHOUT_ROBUST_LIST 0x3ffffffeu /* no thread has this id: only the OFD lock tells */

struct slot {
  futex_word life;       /* thread id | FUTEX_WAITERS, or FUTEX_OWNER_DIED */
  futex_word generation; /* 21 bits; a new one for each holder */
  int32_t pid;           /* for people: never used to judge life */
  uint32_t boot;         /* lipc_boot() of the last holder; 0 unknown */
  double since;
  int32_t previous_pid; /* of the holder before, whom a lock may still name */
  uint8_t padding[36];
};
_Static_assert(sizeof(struct slot) == SLOT_SIZE, "slot layout");

struct participant {
  struct participant *next;
  struct environment *environment;
  uint8_t *area;
  size_t area_size;
  struct slot *table;
  double table_offset;
  int lock_fd, slots, index, guard;
  uint32_t owner;
  uint32_t round; /* of the watchdog: the last one that asked here */
  bool is_linked; /* in the robust list */
};

static struct participant *participants; /* of this process */
static shim_lock participants_lock;
static _Atomic uint32_t linked; /* entries of the robust list, and those about to be */

static int32_t lock_byte(int fd, int command, int type, double offset, struct flock *lock) {
  *lock = (struct flock){.l_type = (short)type, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = 1};
  return checked(fcntl(fd, command, lock));
}

static int32_t try_lock(int fd, int command, double offset, struct flock *lock) {
  return lock_byte(fd, command, F_WRLCK, offset, lock);
}

/* The byte of slot i is the first byte of the slot: the lock is advisory, the content is not touched by it. */
static double slot_byte(const struct participant *participant, int slot) {
  return participant->table_offset + (double)slot * SLOT_SIZE;
}

/* A private open file description: a lock on a shared one would outlive us in whoever shares it. */
static int32_t reopen(int fd) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return checked(open(path, O_RDWR | O_CLOEXEC));
}

static int32_t map_table(struct participant *participant, int fd) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t start = (size_t)participant->table_offset & ~(page - 1);
  size_t within = (size_t)participant->table_offset - start;
  size_t length = (within + (size_t)participant->slots * SLOT_SIZE + page - 1) & ~(page - 1);
  size_t front = (LIFE_OFFSET + page - 1) & ~(page - 1);
  uint8_t *area = mmap(NULL, front + length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (area == MAP_FAILED) return -errno;
  void *table = mmap(area + front, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)start);
  int32_t guard = table == MAP_FAILED ? -errno : lipc_guard_add((double)(uintptr_t)table, (double)length);
  if (guard < 0) {
    munmap(area, front + length);
    return guard;
  }
  participant->guard = guard;
  participant->area = area;
  participant->area_size = front + length;
  participant->table = (struct slot *)(area + front + within);
  return 0;
}

static struct robust_entry *entry_of(const struct participant *participant) {
  return (struct robust_entry *)((uint8_t *)&participant->table[participant->index].life - LIFE_OFFSET);
}

/* Links the entry while the kernel would reach it: at a thread's end it walks ROBUST_LIST_LIMIT entries and leaves the
 * rest unmarked. All of them are ours, since the engine's thread has this list in place of its C library's. Counted
 * before the link and until after the unlink: never fewer than there are. */
static bool link_entry(struct participant *participant) {
  if (!engine_is_robust()) return false;
  if (atomic_fetch_add(&linked, 1) >= ROBUST_LIST_LIMIT) {
    atomic_fetch_sub(&linked, 1);
    return false;
  }
  engine_robust_add(entry_of(participant));
  return true;
}

static void unlink_entry(struct participant *participant) {
  if (!participant->is_linked) return;
  engine_robust_remove(entry_of(participant));
  atomic_fetch_sub(&linked, 1);
}

/* The next one: no word can name it. But a slot of another boot may have lost holders to a power loss, and one of a new
 * table all of them, while words that carry their ids had reached the disk: there it is anywhere. */
static uint32_t next_generation(const struct slot *slot, uint32_t boot) {
  uint32_t before = atomic_load(&slot->generation);
  bool is_next_unused = before != 0 && (boot == 0 || slot->boot == boot);
  uint32_t generation = (is_next_unused ? before + 1 : (uint32_t)(now_ns() >> 8) ^ boot) & GENERATION_MASK;
  return generation ? generation : 1;
}

/* Dead first, then a new generation, then alive: whoever looks in between sees a dead predecessor. The entry is linked
 * before the life word names our thread, so that there is no instant at which we look alive and would not be missed. */
static void come_alive(struct participant *participant) {
  struct slot *slot = &participant->table[participant->index];
  atomic_store(&slot->life, FUTEX_OWNER_DIED);
  uint32_t boot = (uint32_t)lipc_boot(), generation = next_generation(slot, boot);
  slot->previous_pid = slot->pid;
  atomic_store(&slot->generation, generation);
  slot->boot = boot;
  slot->pid = getpid();
  slot->since = (double)now_ns();
  participant->owner = generation << 10 | (uint32_t)(participant->index + 1);
  participant->is_linked = link_entry(participant);
  atomic_store(&slot->life, participant->is_linked ? (uint32_t)engine_thread_id() : LIFE_WITHOUT_ROBUST_LIST);
}

static int32_t claim_slot(struct participant *participant) {
  struct flock lock;
  for (int slot = 0; slot < participant->slots; slot++) {
    int32_t result = try_lock(participant->lock_fd, F_OFD_SETLK, slot_byte(participant, slot), &lock);
    if (result == -EAGAIN || result == -EACCES) continue;
    if (result < 0) return result;
    participant->index = slot;
    come_alive(participant);
    return 0;
  }
  return -EUSERS;
}

/* A slot that looks alive and whose lock can be had is dead, and was not marked: a file may outlive its kernel (power loss),
 * a kernel may mark nobody, and each stops at the first word of a robust list that it cannot reach, which may be that of
 * another file, cut short by somebody. With the lock in our hands nobody comes alive there meanwhile. */
static void bury_dead(const struct participant *participant) {
  struct flock lock;
  for (int slot = 0; slot < participant->slots; slot++) {
    futex_word *life = &participant->table[slot].life;
    uint32_t found = atomic_load(life);
    if (slot == participant->index || found == 0 || found & FUTEX_OWNER_DIED) continue;
    if (try_lock(participant->lock_fd, F_OFD_SETLK, slot_byte(participant, slot), &lock) < 0) continue;
    atomic_store(life, FUTEX_OWNER_DIED);
    futex_wake(life, INT32_MAX);
    lock_byte(participant->lock_fd, F_OFD_SETLK, F_UNLCK, slot_byte(participant, slot), &lock);
  }
}

static void release(struct participant *participant) {
  if (participant->area) {
    lipc_guard_remove(participant->guard);
    munmap(participant->area, participant->area_size);
  }
  if (participant->lock_fd >= 0) close(participant->lock_fd);
  free(participant);
}

static int32_t attach(struct participant *participant, int fd) {
  int32_t result = engine_start();
  if (result < 0) return result;
  if ((participant->lock_fd = reopen(fd)) < 0) return participant->lock_fd;
  if ((result = map_table(participant, participant->lock_fd)) < 0) return result;
  if ((result = claim_slot(participant)) == 0) bury_dead(participant);
  return result;
}

/* Takes a free slot of the table at `table_offset` of the file. The participant's address, or -errno:
 * -EUSERS all slots are held by the living. `environment` lets it go when it ends (a Worker's). */
LIPC_EXPORT double lipc_participant_attach(double fd, double table_offset, double slots, double environment) {
  if (!(slots >= 1 && slots <= SLOTS_MAX)) return -EINVAL;
  struct participant *participant = calloc(1, sizeof *participant);
  if (!participant) return -ENOMEM;
  participant->lock_fd = -1;
  participant->slots = (int)slots;
  participant->table_offset = table_offset;
  participant->environment = POINTER(environment);
  int32_t result = attach(participant, (int)fd);
  if (result < 0) {
    release(participant);
    return result;
  }
  shim_lock_take(&participants_lock);
  participant->next = participants;
  participants = participant;
  shim_lock_release(&participants_lock);
  return (double)(uintptr_t)participant;
}

/* The owner id: generation << 10 | slot + 1, in 31 bits. */
LIPC_EXPORT int32_t lipc_participant_owner(double participant) {
  return (int32_t)((struct participant *)POINTER(participant))->owner;
}

static void leave(struct participant *participant) {
  futex_word *life = &participant->table[participant->index].life;
  atomic_store(life, FUTEX_OWNER_DIED);
  futex_wake(life, INT32_MAX);
  unlink_entry(participant);
  release(participant);
}

static bool unlink_participant(struct participant *participant) {
  for (struct participant **at = &participants; *at; at = &(*at)->next)
    if (*at == participant) {
      *at = participant->next;
      return true;
    }
  return false;
}

/* Leaves: whatever still carries this owner's id is from now on the property of a dead one. */
LIPC_EXPORT int32_t lipc_participant_detach(double handle) {
  struct participant *participant = POINTER(handle);
  shim_lock_take(&participants_lock);
  bool known = unlink_participant(participant);
  shim_lock_release(&participants_lock);
  if (!known) return -EINVAL;
  leave(participant);
  return 0;
}

void participant_forget(struct environment *environment) {
  for (;;) {
    shim_lock_take(&participants_lock);
    struct participant *participant = participants;
    while (participant && participant->environment != environment) participant = participant->next;
    if (participant) unlink_participant(participant);
    shim_lock_release(&participants_lock);
    if (!participant) return;
    leave(participant);
  }
}

/* Asks the locks of all slots that look alive, and marks the dead. One thread at a time: the watchdog has the same locks,
 * and whoever is done first gives a slot back for both, so that somebody may come alive there and be marked by the other. */
LIPC_EXPORT int32_t lipc_participant_bury(double handle) {
  shim_lock_take(&participants_lock);
  bury_dead(POINTER(handle));
  shim_lock_release(&participants_lock);
  return 0;
}

/* The same for the watchdog, once a round; the participant may have left meanwhile. */
void participant_bury(const struct participant *participant, uint32_t round) {
  shim_lock_take(&participants_lock);
  struct participant *at = participants;
  while (at && at != participant) at = at->next;
  if (at && at->round != round) bury_dead(at);
  if (at) at->round = round;
  shim_lock_release(&participants_lock);
}

/* Is `owner` dead? 1 or 0. Two loads for the usual answer, and the OFD lock, the authority, for the rest. The life comes
 * first: if the slot is the owner's behind that, the life was.
 * We are never dead ourselves: F_OFD_GETLK does not see locks of our own description. */
LIPC_EXPORT int32_t lipc_participant_dead(double handle, double owner_id) {
  const struct participant *participant = POINTER(handle);
  uint32_t owner = WORD(owner_id) & 0x7fffffffu;
  int index = (int)(owner & 1023) - 1;
  if (index < 0 || index >= participant->slots) return -EINVAL;
  if (owner == participant->owner) return 0;
  struct slot *slot = &participant->table[index];
  if (atomic_load(&slot->life) & FUTEX_OWNER_DIED || atomic_load(&slot->generation) != owner >> 10) return 1;
  struct flock lock;
  int32_t result = try_lock(participant->lock_fd, F_OFD_GETLK, slot_byte(participant, index), &lock);
  if (result < 0) return result;
  return lock.l_type == F_UNLCK && atomic_load(&slot->generation) == owner >> 10;
}
