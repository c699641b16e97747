/* What the shim's files share: conversions at the border, and the functions of one room that another one needs. */
#ifndef LINUX_IPC_INTERNAL_H
#define LINUX_IPC_INTERNAL_H

#define _GNU_SOURCE
#include "linux_ipc_shim.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* A double from the border as an address. */
#define POINTER(number) ((void *)(intptr_t)(number)) /* signed: one instruction, where unsigned takes a branch */
#define TEXT(number) ((const char *)POINTER(number))

/* Futex words hold int32 in JavaScript and uint32 here: -1 and 4294967295 are the same word. */
#define WORD(number) ((uint32_t)(int64_t)(number))

static inline int32_t checked(long result) { return result < 0 ? -errno : (int32_t)result; }

typedef _Atomic uint32_t futex_word;

/* environment.c: one per JavaScript environment (main thread or Worker). */
struct environment;
struct notice;
void environment_signal(struct environment *environment);
struct notice *environment_notices(struct environment *environment);
void environment_lock(struct environment *environment);
void environment_unlock(struct environment *environment);

/* notice.c */
struct notice {
  struct environment *environment;
  struct notice *next, *previous;
  int32_t id;
  bool is_pending;
};
void notice_list_init(struct notice *head);
void notice_post(struct notice *notice);
void notice_drop(struct notice *notice);

/* futex.c */
int32_t futex_wait(futex_word *word, uint32_t expected, double deadline);
int32_t futex_wake(futex_word *word, int32_t count);
int64_t now_ns(void);
struct waiter { /* struct futex_waitv */
  uint64_t expected, address;
  uint32_t flags, reserved;
};
int32_t futex_waitv(struct waiter *waiters, uint32_t count, double deadline);
uint32_t life_announce(futex_word *life);
void life_pass_on(futex_word *life);

/* engine.c */
int32_t engine_start(void);
int32_t engine_thread_id(void);
void engine_forget(struct environment *environment);
struct robust_entry {
  struct robust_entry *next;
};
void engine_robust_add(struct robust_entry *entry);
void engine_robust_remove(struct robust_entry *entry);
bool engine_is_robust(void);
int32_t start_thread(void *(*run)(void *), void *argument);
enum watched { WATCH_NOTHING, WATCH_WORDS, WATCH_LIVES }; /* what is awaited: the more, the more often one must look */
enum watched engine_survey(void);

/* watchdog.c */
int32_t watchdog_start(void);
void watchdog_call(enum watched armed);

/* futex_await.c, descriptor.c, file_lock.c, owned.c: what an environment that ends leaves behind */
void futex_await_forget(struct environment *environment);
void descriptor_forget(struct environment *environment);
void file_lock_forget(struct environment *environment);
void owned_forget(struct environment *environment);

/* participant.c */
struct participant;
void participant_bury(const struct participant *participant, uint32_t round);
void participant_forget(struct environment *environment);
/* A life word stands this far behind its robust-list entry: the largest page (64 KiB) and a table of 8 KiB. A table may
 * begin anywhere in its first page, and what stands before it there is the file's, too. */
#define LIFE_OFFSET 0x12000

/* vacant.c */
void vacant_release(void);

/* A plain lock for the shim's own lists: held for a few instructions, never across a system call that waits. */
typedef struct {
  futex_word word;
} shim_lock;
void shim_lock_take(shim_lock *lock);
void shim_lock_release(shim_lock *lock);

#endif
