/* The shim's contract: every symbol that TypeScript calls, in the order of src/runtime/symbols.ts.
 *
 * - Arguments are doubles: descriptors, flags, sizes and addresses are exact below 2^53, and a function of doubles is
 *   the one shape that is fast in every runtime's FFI.
 * - Results are int32_t or double: >= 0, or -errno. Nothing reads errno after the call.
 * - Strings and structs travel by address, through the scratch block of the calling environment (environment.c).
 * - Instants are nanoseconds of CLOCK_MONOTONIC; a negative deadline means for ever.
 */
#ifndef LINUX_IPC_SHIM_H
#define LINUX_IPC_SHIM_H

#include <stdint.h>

#define LIPC_ABI_VERSION 13
#define LIPC_EXPORT __attribute__((visibility("default")))

/* environment.c */
LIPC_EXPORT int32_t lipc_abi_version(void);
LIPC_EXPORT int32_t lipc_getpid(void);
LIPC_EXPORT double lipc_clock_monotonic(void);

/* memory.c */
LIPC_EXPORT int32_t lipc_open(double path, double flags, double mode);
LIPC_EXPORT int32_t lipc_close(double fd);
LIPC_EXPORT int32_t lipc_link_descriptor(double fd, double path);
LIPC_EXPORT int32_t lipc_unlink(double path);
LIPC_EXPORT int32_t lipc_fchmod(double fd, double mode);
LIPC_EXPORT int32_t lipc_ftruncate(double fd, double size);
LIPC_EXPORT int32_t lipc_fallocate(double fd, double offset, double size);
LIPC_EXPORT int32_t lipc_preallocate(double fd, double offset, double size);
LIPC_EXPORT double lipc_allocated(double fd, double offset, double size);
LIPC_EXPORT int32_t lipc_fstat(double fd, double result);
LIPC_EXPORT int32_t lipc_lstat(double path, double result);
LIPC_EXPORT int32_t lipc_statfs(double path, double result);
LIPC_EXPORT int32_t lipc_memfd_create(double name, double flags);
LIPC_EXPORT int32_t lipc_add_seals(double fd, double seals);
LIPC_EXPORT int32_t lipc_get_seals(double fd);
LIPC_EXPORT double lipc_mmap(double address, double length, double protection, double flags, double fd, double offset);
LIPC_EXPORT int32_t lipc_munmap(double address, double length);
LIPC_EXPORT int32_t lipc_lock_byte(double fd, double offset, double wait);
LIPC_EXPORT int32_t lipc_unlock_byte(double fd, double offset);

/* vacant.c */
LIPC_EXPORT int32_t lipc_vacate(double address, double length);

/* guard.c */
LIPC_EXPORT int32_t lipc_guard_add(double address, double length);
LIPC_EXPORT int32_t lipc_guard_remove(double guard);
LIPC_EXPORT int32_t lipc_guard_faults(double guard);

/* copy.c */
LIPC_EXPORT int32_t lipc_copy(double to, double from, double count, double ahead);

/* futex.c */
LIPC_EXPORT int32_t lipc_futex_wait(double word, double expected, double deadline);
LIPC_EXPORT int32_t lipc_futex_wake(double word, double count);
LIPC_EXPORT int32_t lipc_futex_advance(double word);
LIPC_EXPORT int32_t lipc_wait_event(double word, double expected, double life, double deadline);
LIPC_EXPORT int32_t lipc_wait_event_among(double list, double count, double deadline);
LIPC_EXPORT int32_t lipc_membarrier_register(void);
LIPC_EXPORT int32_t lipc_membarrier(void);
LIPC_EXPORT int32_t lipc_pause(double count);
LIPC_EXPORT double lipc_measure_wake(void);

/* boot.c */
LIPC_EXPORT int32_t lipc_boot(void);

/* participant.c */
LIPC_EXPORT double lipc_participant_attach(double fd, double table_offset, double slots, double environment);
LIPC_EXPORT int32_t lipc_participant_owner(double participant);
LIPC_EXPORT int32_t lipc_participant_detach(double participant);
LIPC_EXPORT int32_t lipc_participant_bury(double participant);
LIPC_EXPORT int32_t lipc_participant_dead(double participant, double owner);

/* engine.c; the last one: notice.c */
LIPC_EXPORT double lipc_watch_add(double word, double participant, double id, double environment);
LIPC_EXPORT int32_t lipc_watch_arm(double watch, double expected);
LIPC_EXPORT int32_t lipc_watch_remove(double watch);
#define LIPC_MORE_NOTICES (1 << 30) /* beside an id of lipc_watch_take */
LIPC_EXPORT int32_t lipc_watch_take(double environment);

/* advice.c */
LIPC_EXPORT double lipc_page_size(double fd);
LIPC_EXPORT int32_t lipc_madvise(double address, double length, double advice);
LIPC_EXPORT double lipc_resident(double address, double length);
LIPC_EXPORT int32_t lipc_msync(double address, double length, double flags);
LIPC_EXPORT int32_t lipc_sync_file_range(double fd, double offset, double length);
LIPC_EXPORT int32_t lipc_fsync(double fd);
LIPC_EXPORT int32_t lipc_punch_hole(double fd, double offset, double length);
LIPC_EXPORT int32_t lipc_mlock(double address, double length, double flags);
LIPC_EXPORT int32_t lipc_munlock(double address, double length);
LIPC_EXPORT int32_t lipc_munlockall(void);
LIPC_EXPORT double lipc_resource_limit(double resource);
LIPC_EXPORT int32_t lipc_pread(double fd, double address, double length, double offset);

/* locked_pages.c */
LIPC_EXPORT int32_t lipc_mlockall(double flags, double reaching);

/* numa.c */
LIPC_EXPORT int32_t lipc_mbind(double address, double length, double mode, double mask, double nodes, double flags);
LIPC_EXPORT int32_t lipc_set_mempolicy(double mode, double mask, double nodes);
LIPC_EXPORT int32_t lipc_get_mempolicy(double mask, double nodes, double address, double flags);
LIPC_EXPORT int32_t lipc_move_pages(double address, double page_size, double count, double result);

/* cpu.c */
LIPC_EXPORT int32_t lipc_getcpu(void);
LIPC_EXPORT int32_t lipc_sched_setaffinity(double thread, double size, double mask);
LIPC_EXPORT int32_t lipc_sched_getaffinity(double thread, double size, double mask);
LIPC_EXPORT int32_t lipc_sched_setscheduler(double thread, double policy, double priority);
LIPC_EXPORT int32_t lipc_sched_getscheduler(double thread);
LIPC_EXPORT int32_t lipc_sched_getparam(double thread);
LIPC_EXPORT int32_t lipc_thread_ids(double result, double room);
/* futex_await.c; the first and the last one: futex.c */
LIPC_EXPORT int32_t lipc_futex_wait_any(double list, double count, double deadline);
LIPC_EXPORT double lipc_futex_await(double word, double expected, double id, double environment);
LIPC_EXPORT int32_t lipc_futex_leave(double wait);
LIPC_EXPORT int32_t lipc_futex_pass_on(void);
LIPC_EXPORT int32_t lipc_yield(void);

/* descriptor.c */
LIPC_EXPORT double lipc_descriptor_add(double fd, double events, double id, double environment);
LIPC_EXPORT int32_t lipc_descriptor_remove(double watch);
LIPC_EXPORT int32_t lipc_pidfd_open(double pid);
LIPC_EXPORT int32_t lipc_poll(double fd, double events, double deadline);

/* file_lock.c */
LIPC_EXPORT int32_t lipc_file_lock(double fd, double operation, double start, double length);
LIPC_EXPORT int32_t lipc_file_lock_test(double fd, double operation, double range);
LIPC_EXPORT double lipc_file_lock_start(double fd, double operation, double start, double length, double id, double environment);
LIPC_EXPORT int32_t lipc_file_lock_wait(double job, double deadline);
LIPC_EXPORT int32_t lipc_file_lock_cancel(double job);
LIPC_EXPORT int32_t lipc_file_lock_end(double job);

/* owned.c */
LIPC_EXPORT double lipc_own(double fd, double environment);
LIPC_EXPORT double lipc_own_locks(double fd, double environment);
LIPC_EXPORT int32_t lipc_disown(double owned);

#endif
