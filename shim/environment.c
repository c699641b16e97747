/* The Node-API face: one state per JavaScript environment (main thread or Worker), loaded by process.dlopen.
 *
 * It gives what no FFI gives equally on all runtimes: ArrayBuffers over mapped memory, and a wake-up of the event
 * loop from another thread. It also offers every symbol of the header to Node without an FFI: arguments
 * and result travel through the first slots of the scratch block, which costs the same whatever their number.
 *
 *   scratch block   0  f64 result   8  f64 argument 0 ... 7   128  free use: paths, structs
 */
#include "internal.h"

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdlib.h>
#include <unistd.h>

/* Weak, so that processes without Node-API (C programs, koffi outside Node) can load the library too. */
#pragma weak napi_add_env_cleanup_hook
#pragma weak napi_call_function
#pragma weak napi_call_threadsafe_function
#pragma weak napi_create_double
#pragma weak napi_create_external_arraybuffer
#pragma weak napi_create_threadsafe_function
#pragma weak napi_create_string_utf8
#pragma weak napi_define_properties
#pragma weak napi_get_cb_info
#pragma weak napi_get_typedarray_info
#pragma weak napi_get_undefined
#pragma weak napi_get_value_bool
#pragma weak napi_ref_threadsafe_function
#pragma weak napi_unref_threadsafe_function

#define SCRATCH_SIZE 16384

struct environment {
  double scratch[SCRATCH_SIZE / sizeof(double)];
  shim_lock lock;
  struct notice notices; /* the head of the pending ones */
  napi_threadsafe_function wake;
  _Atomic bool is_signalled;
  shim_lock end_lock; /* held while the event loop is rung: whoever ends the environment waits for that */
  bool is_dead;       /* under end_lock */
  _Atomic int references; /* the environment itself, and the ArrayBuffer over its scratch block */
};

LIPC_EXPORT int32_t lipc_abi_version(void) { return LIPC_ABI_VERSION; }
LIPC_EXPORT int32_t lipc_getpid(void) { return getpid(); }
LIPC_EXPORT double lipc_clock_monotonic(void) { return (double)now_ns(); }

void environment_lock(struct environment *environment) { shim_lock_take(&environment->lock); }
void environment_unlock(struct environment *environment) { shim_lock_release(&environment->lock); }
struct notice *environment_notices(struct environment *environment) { return &environment->notices; }

static void unreference(struct environment *environment) {
  if (atomic_fetch_sub(&environment->references, 1) == 1) free(environment);
}

/* -- wake-ups ------------------------------------------------------------------------------------------------ */

/* Wakes the event loop, from any thread. Several signals before JavaScript runs are one. The lock of the notices is not
 * held: the event loop's thread often runs at once, before we do again, and would have to wait for it.
 * SYNC signal: a notice is posted, then is_signalled exchanged; run_wake clears it, then takes the notices. */
void environment_signal(struct environment *environment) {
  if (atomic_exchange(&environment->is_signalled, true)) return;
  shim_lock_take(&environment->end_lock);
  if (!environment->is_dead && environment->wake)
    napi_call_threadsafe_function(environment->wake, NULL, napi_tsfn_nonblocking);
  else
    atomic_store(&environment->is_signalled, false);
  shim_lock_release(&environment->end_lock);
}

static void run_wake(napi_env env, napi_value callback, void *context, void *data) {
  (void)data;
  if (!env) return; /* the environment is being torn down */
  struct environment *environment = context;
  atomic_store(&environment->is_signalled, false);
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, callback, 0, NULL, NULL);
}

/* The environment ends, by itself or by worker.terminate(). Hooks run in the reverse order of their making: this one was
 * made after the thread-safe function and runs before that is torn down, so that nobody rings it any more. */
static void on_wake_end(void *data) {
  struct environment *environment = data;
  shim_lock_take(&environment->end_lock);
  environment->is_dead = true;
  shim_lock_release(&environment->end_lock);
  engine_forget(environment);
  futex_await_forget(environment);
  descriptor_forget(environment);
}

/* What the environment owned is a dead one's from now on. */
static void on_environment_end(void *data) {
  file_lock_forget(data);
  participant_forget(data);
  owned_forget(data); /* the last one: the others may use these descriptors */
  unreference(data);
}

/* -- functions of JavaScript --------------------------------------------------------------------------------- */

static struct environment *environment_of(napi_env env, napi_callback_info info, size_t *count, napi_value *values) {
  void *data = NULL;
  napi_get_cb_info(env, info, count, values, NULL, &data);
  return data;
}

static napi_value number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

static void on_scratch_collected(napi_env env, void *data, void *hint) {
  (void)env, (void)data;
  unreference(hint);
}

/* scratch(): the ArrayBuffer over the scratch block. */
static napi_value js_scratch(napi_env env, napi_callback_info info) {
  size_t count = 0;
  struct environment *environment = environment_of(env, info, &count, NULL);
  napi_value buffer = NULL;
  atomic_fetch_add(&environment->references, 1);
  if (napi_create_external_arraybuffer(env, environment->scratch, SCRATCH_SIZE, on_scratch_collected, environment,
                                       &buffer) != napi_ok)
    unreference(environment);
  return buffer;
}

/* address(): of the environment; its scratch block stands at the same address. */
static napi_value js_address(napi_env env, napi_callback_info info) {
  size_t count = 0;
  return number(env, (double)(uintptr_t)environment_of(env, info, &count, NULL));
}

/* view(): an ArrayBuffer over [argument 0, argument 0 + argument 1); undefined when the engine refuses the size. */
static napi_value js_view(napi_env env, napi_callback_info info) {
  size_t count = 0;
  const double *a = environment_of(env, info, &count, NULL)->scratch + 1;
  napi_value buffer = NULL;
  napi_status status = napi_create_external_arraybuffer(env, POINTER(a[0]), (size_t)a[1], NULL, NULL, &buffer);
  return status == napi_ok ? buffer : NULL;
}

/* addressOf(bytes): where the elements of a typed array stand, until its buffer is detached; 0 = nowhere. */
static napi_value js_address_of(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value array;
  void *data = NULL;
  environment_of(env, info, &count, &array);
  napi_get_typedarray_info(env, array, NULL, NULL, &data, NULL, NULL);
  return number(env, (double)(uintptr_t)data);
}

/* onWake(callback): what environment_signal runs. It does not keep the event loop alive. 0, or a napi_status. */
static napi_value js_on_wake(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value callback, name;
  struct environment *environment = environment_of(env, info, &count, &callback);
  napi_create_string_utf8(env, "linux-ipc wake", NAPI_AUTO_LENGTH, &name);
  napi_status status = napi_create_threadsafe_function(env, callback, NULL, name, 0, 1, NULL, NULL, environment,
                                                       run_wake, &environment->wake);
  if (status == napi_ok) {
    napi_unref_threadsafe_function(env, environment->wake);
    napi_add_env_cleanup_hook(env, on_wake_end, environment);
  }
  return number(env, status);
}

/* refWake(yes): whether a pending wait keeps the event loop alive. */
static napi_value js_ref_wake(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value value;
  bool yes = false;
  struct environment *environment = environment_of(env, info, &count, &value);
  napi_get_value_bool(env, value, &yes);
  if (yes)
    napi_ref_threadsafe_function(env, environment->wake);
  else
    napi_unref_threadsafe_function(env, environment->wake);
  return NULL;
}

/* -- every symbol of the header, through the scratch block --------------------------------------------------- */

#define SYMBOLS(ROW)                                                                                                  \
  ROW(abi_version, 0) ROW(getpid, 0) ROW(clock_monotonic, 0)                                                          \
  ROW(open, 3) ROW(close, 1) ROW(link_descriptor, 2) ROW(unlink, 1) ROW(fchmod, 2) ROW(ftruncate, 2)                  \
  ROW(fallocate, 3) ROW(preallocate, 3) ROW(allocated, 3) ROW(fstat, 2) ROW(lstat, 2) ROW(statfs, 2)                 \
  ROW(memfd_create, 2) ROW(add_seals, 2) ROW(get_seals, 1)                                                            \
  ROW(mmap, 6) ROW(munmap, 2) ROW(lock_byte, 3) ROW(unlock_byte, 2) ROW(vacate, 2)                                   \
  ROW(guard_add, 2) ROW(guard_remove, 1) ROW(guard_faults, 1)                                                         \
  ROW(copy, 4) ROW(futex_wait, 3) ROW(futex_wake, 2) ROW(futex_advance, 1) ROW(wait_event, 4)                         \
  ROW(wait_event_among, 3)                                                                                            \
  ROW(membarrier_register, 0) ROW(membarrier, 0) ROW(pause, 1) ROW(measure_wake, 0) ROW(boot, 0)                       \
  ROW(participant_attach, 4) ROW(participant_owner, 1) ROW(participant_detach, 1) ROW(participant_bury, 1)            \
  ROW(participant_dead, 2)                                                                                            \
  ROW(watch_add, 4) ROW(watch_arm, 2) ROW(watch_remove, 1) ROW(watch_take, 1)                                         \
  ROW(page_size, 1) ROW(madvise, 3) ROW(resident, 2) ROW(msync, 3) ROW(sync_file_range, 3)                            \
  ROW(fsync, 1) ROW(punch_hole, 3)                                                                                    \
  ROW(mlock, 3) ROW(munlock, 2) ROW(mlockall, 2) ROW(munlockall, 0) ROW(resource_limit, 1) ROW(pread, 4)              \
  ROW(mbind, 6) ROW(set_mempolicy, 3) ROW(get_mempolicy, 4) ROW(move_pages, 4)                                        \
  ROW(getcpu, 0) ROW(sched_setaffinity, 3) ROW(sched_getaffinity, 3) ROW(sched_setscheduler, 3)                       \
  ROW(sched_getscheduler, 1) ROW(sched_getparam, 1) ROW(thread_ids, 2)                                               \
  ROW(futex_wait_any, 3) ROW(futex_await, 4) ROW(futex_leave, 1) ROW(futex_pass_on, 0)                                \
  ROW(yield, 0)                                                                                                       \
  ROW(descriptor_add, 4) ROW(descriptor_remove, 1) ROW(pidfd_open, 1) ROW(poll, 3)                                    \
  ROW(file_lock, 4) ROW(file_lock_test, 3) ROW(file_lock_start, 6) ROW(file_lock_wait, 2) ROW(file_lock_cancel, 1)   \
  ROW(file_lock_end, 1) ROW(own, 2) ROW(own_locks, 2) ROW(disown, 1)

#define ARGUMENTS_0
#define ARGUMENTS_1 a[0]
#define ARGUMENTS_2 a[0], a[1]
#define ARGUMENTS_3 a[0], a[1], a[2]
#define ARGUMENTS_4 a[0], a[1], a[2], a[3]
#define ARGUMENTS_6 a[0], a[1], a[2], a[3], a[4], a[5]

#define DEFINE_CALL(name, count)                                                                                      \
  static napi_value call_##name(napi_env env, napi_callback_info info) {                                              \
    size_t none = 0;                                                                                                  \
    double *scratch = environment_of(env, info, &none, NULL)->scratch;                                                \
    const double *a = scratch + 1;                                                                                    \
    (void)a;                                                                                                          \
    scratch[0] = (double)lipc_##name(ARGUMENTS_##count);                                                              \
    return NULL;                                                                                                      \
  }
SYMBOLS(DEFINE_CALL)

#define PROPERTY(text, function) {text, NULL, function, NULL, NULL, NULL, napi_enumerable, environment},
#define CALL_PROPERTY(name, count) PROPERTY(#name, call_##name)

LIPC_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  struct environment *environment = calloc(1, sizeof *environment);
  if (!environment) return NULL;
  environment->references = 1;
  notice_list_init(&environment->notices);
  napi_add_env_cleanup_hook(env, on_environment_end, environment);
  napi_property_descriptor properties[] = {
      PROPERTY("scratch", js_scratch) PROPERTY("address", js_address) PROPERTY("view", js_view)
      PROPERTY("addressOf", js_address_of) PROPERTY("onWake", js_on_wake) PROPERTY("refWake", js_ref_wake)
      SYMBOLS(CALL_PROPERTY)};
  napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties);
  return exports;
}
