/* File locks: flock(2), and the record locks of fcntl(2) in the name of the process or of the open file description.
 *
 * The kernel offers no descriptor, futex or completion for "the lock is yours", only a call that blocks. So whoever
 * cannot wait in that call has a thread that does, for as long as the wait lasts. A wait is ended by a signal to that
 * thread, whose handler does nothing but interrupt the call; the signal may come just before the call begins, so it is
 * repeated until the thread is done. Who cannot wait for that either has another thread do it, and is told by the job's notice. */
#include "internal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BY_DESCRIPTION, BY_PROCESS, WHOLE_FILE }; /* OFD, POSIX, flock: operation / 4 */
enum { UNLOCK, SHARED, EXCLUSIVE };              /* operation % 4 */
#define INTERRUPT_FIRST 63 /* absolute: SIGRTMAX is the same in both C libraries, SIGRTMIN is not */
#define INTERRUPT_LAST 40
/* Where the user's processes have as many signals queued as they may (RLIMIT_SIGPENDING), a real-time one is refused; a
 * standard one needs no place there. Listeners for all deadly signals, as packages have them, leave this one alone. */
#define INTERRUPT_UNQUEUED SIGURG
#define REPEAT_NS 500000

struct file_lock_job {
  struct notice notice;
  struct file_lock_job *next;
  int fd, operation;
  off_t start, length;
  futex_word is_done, thread;
  uint32_t round; /* of the canceller, under jobs_lock */
  _Atomic bool is_cancelled;
  int32_t result;
};

static struct file_lock_job *jobs;
static shim_lock jobs_lock;
static futex_word cancellations; /* how many: the canceller sleeps on it */
static int interrupt_signal; /* under jobs_lock; 0 = no handler yet */

static struct flock record(int operation, off_t start, off_t length) {
  static const short types[] = {[UNLOCK] = F_UNLCK, [SHARED] = F_RDLCK, [EXCLUSIVE] = F_WRLCK};
  return (struct flock){
      .l_type = types[operation % 4 % 3], .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static int32_t apply(int fd, int operation, off_t start, off_t length, bool waits) {
  static const int whole[] = {[UNLOCK] = LOCK_UN, [SHARED] = LOCK_SH, [EXCLUSIVE] = LOCK_EX};
  if (operation / 4 == WHOLE_FILE) return checked(flock(fd, whole[operation % 4 % 3] | (waits ? 0 : LOCK_NB)));
  struct flock lock = record(operation, start, length);
  if (operation / 4 == BY_PROCESS) return checked(fcntl(fd, waits ? F_SETLKW : F_SETLK, &lock));
  return checked(fcntl(fd, waits ? F_OFD_SETLKW : F_OFD_SETLK, &lock));
}

/* flock(2); fcntl(2), F_SETLK, F_OFD_SETLK. `operation`: kind * 4 + type. 0; -EAGAIN somebody else's lock is in the
 * way; -EBADF not a descriptor, or not open for this type; -EINVAL; -ENOLCK. A length of 0 means up to the end. */
LIPC_EXPORT int32_t lipc_file_lock(double fd, double operation, double start, double length) {
  int32_t result = apply((int)fd, (int)operation, (off_t)start, (off_t)length, false);
  return result == -EACCES ? -EAGAIN : result; /* POSIX allows both */
}

/* fcntl(2), F_GETLK, F_OFD_GETLK: who is in the way. `range`: doubles start, length in; type, start, length, pid out. */
LIPC_EXPORT int32_t lipc_file_lock_test(double fd, double operation, double range) {
  double *out = POINTER(range);
  struct flock lock = record((int)operation, (off_t)out[0], (off_t)out[1]);
  int32_t result = checked(fcntl((int)fd, (int)operation / 4 == BY_PROCESS ? F_GETLK : F_OFD_GETLK, &lock));
  if (result < 0) return result;
  out[0] = lock.l_type == F_UNLCK ? UNLOCK : lock.l_type == F_RDLCK ? SHARED : EXCLUSIVE;
  out[1] = (double)lock.l_start;
  out[2] = (double)lock.l_len;
  out[3] = lock.l_pid;
  return 0;
}

/* -- waiting --------------------------------------------------------------------------------------------------- */

static void on_interrupt(int signal) { (void)signal; }

/* Whether the signal is ours to send: nobody used it, or we do. */
static bool take_signal(int number) {
  struct sigaction action, found;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt; /* without SA_RESTART */
  if (sigaction(number, NULL, &found) < 0 || found.sa_flags & SA_SIGINFO) return false;
  return found.sa_handler == on_interrupt || (found.sa_handler == SIG_DFL && sigaction(number, &action, NULL) == 0);
}

/* With jobs_lock held: takes the highest real-time signal that nobody uses. */
static int32_t choose_signal(void) {
  for (int number = INTERRUPT_FIRST; interrupt_signal == 0 && number >= INTERRUPT_LAST; number--)
    if (take_signal(number)) interrupt_signal = number;
  return interrupt_signal == 0 ? -EBUSY : 0;
}

static void *job_main(void *argument) {
  struct file_lock_job *job = argument;
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, interrupt_signal);
  sigaddset(&only, INTERRUPT_UNQUEUED);
  pthread_sigmask(SIG_UNBLOCK, &only, NULL);
  atomic_store(&job->thread, (uint32_t)syscall(SYS_gettid));
  do
    job->result = atomic_load(&job->is_cancelled) ? -EINTR
                                                  : apply(job->fd, job->operation, job->start, job->length, true);
  while (job->result == -EINTR && !atomic_load(&job->is_cancelled));
  pthread_sigmask(SIG_BLOCK, &only, NULL);
  if (job->notice.id >= 0) notice_post(&job->notice);
  atomic_store(&job->is_done, 1); /* from here on the job may be freed: only its address is used */
  futex_wake(&job->is_done, INT32_MAX);
  return NULL;
}

/* Once. It may come just before the call that it should interrupt. */
static void interrupt(struct file_lock_job *job) {
  atomic_store(&job->is_cancelled, true);
  uint32_t thread = atomic_load(&job->thread);
  if (thread == 0 || atomic_load(&job->is_done) != 0) return;
  if (syscall(SYS_tgkill, getpid(), thread, interrupt_signal) < 0 && errno == EAGAIN && take_signal(INTERRUPT_UNQUEUED))
    syscall(SYS_tgkill, getpid(), thread, INTERRUPT_UNQUEUED);
}

/* Once more the next cancelled job that was not interrupted in this round. The lock is held for one signal only: the event
 * loop takes it too. */
static bool interrupt_next(uint32_t round) {
  shim_lock_take(&jobs_lock);
  struct file_lock_job *job = jobs;
  while (job && (job->round == round || !atomic_load(&job->is_cancelled) || atomic_load(&job->is_done))) job = job->next;
  if (job) {
    job->round = round;
    interrupt(job);
  }
  shim_lock_release(&jobs_lock);
  return job != NULL;
}

/* A signal wakes a thread, which takes longer than an event loop has: so this thread sends and repeats them. */
static void *canceller_main(void *argument) {
  for (uint32_t round = 1;; round++) {
    uint32_t seen = atomic_load(&cancellations);
    bool found = false;
    while (interrupt_next(round)) found = true;
    futex_wait(&cancellations, seen, found ? (double)(now_ns() + REPEAT_NS) : -1);
  }
  return argument;
}

/* With jobs_lock held. */
static int32_t start_canceller(void) {
  static bool is_started;
  int32_t result = is_started ? 0 : start_thread(canceller_main, NULL);
  if (result == 0) is_started = true;
  return result;
}

/* Begins to wait for the lock in a thread of its own; `id` is what lipc_watch_take will say (negative: nothing is said).
 * The job's address, to be given to lipc_file_lock_end, or -errno. */
LIPC_EXPORT double lipc_file_lock_start(double fd, double operation, double start, double length, double id,
                                        double environment) {
  if (fcntl((int)fd, F_GETFD) < 0) return -errno;
  struct file_lock_job *job = calloc(1, sizeof *job);
  if (!job) return -ENOMEM;
  job->notice.environment = POINTER(environment);
  job->notice.id = (int32_t)id;
  job->fd = (int)fd;
  job->operation = (int)operation;
  job->start = (off_t)start;
  job->length = (off_t)length;
  shim_lock_take(&jobs_lock);
  int32_t result = choose_signal();
  if (result == 0 && id >= 0) result = start_canceller();
  if (result == 0) result = start_thread(job_main, job);
  if (result == 0) {
    job->next = jobs;
    jobs = job;
  }
  shim_lock_release(&jobs_lock);
  if (result == 0) return (double)(uintptr_t)job;
  free(job);
  return result;
}

/* Blocks until the job is done or the deadline. 1 it is done; 0 not yet. */
LIPC_EXPORT int32_t lipc_file_lock_wait(double handle, double deadline) {
  struct file_lock_job *job = POINTER(handle);
  if (atomic_load(&job->is_done) == 0) futex_wait(&job->is_done, 0, deadline);
  return atomic_load(&job->is_done) == 1;
}

/* Asks a job that has an id to come to an end, and does not wait for it: its notice tells. */
LIPC_EXPORT int32_t lipc_file_lock_cancel(double handle) {
  struct file_lock_job *job = POINTER(handle);
  atomic_store(&job->is_cancelled, true);
  atomic_fetch_add(&cancellations, 1);
  futex_wake(&cancellations, 1);
  return 0;
}

static int32_t end(struct file_lock_job *job) {
  while (atomic_load(&job->is_done) == 0) {
    interrupt(job);
    futex_wait(&job->is_done, 0, (double)(now_ns() + REPEAT_NS));
  }
  int32_t result = job->result;
  if (job->notice.id >= 0) notice_drop(&job->notice);
  free(job);
  return result;
}

/* Ends the job, by an interruption if it still waits, and frees it. 0 the lock is ours; -EINTR it was interrupted and we
 * have nothing; -EDEADLK; -ENOLCK; -EBADF. */
LIPC_EXPORT int32_t lipc_file_lock_end(double handle) {
  shim_lock_take(&jobs_lock);
  struct file_lock_job **at = &jobs;
  while (*at && *at != (struct file_lock_job *)POINTER(handle)) at = &(*at)->next;
  struct file_lock_job *job = *at;
  if (job) *at = job->next;
  shim_lock_release(&jobs_lock);
  return job ? end(job) : -EINVAL;
}

/* All at once: their threads come out side by side. */
static void interrupt_jobs(struct environment *environment) {
  shim_lock_take(&jobs_lock);
  for (struct file_lock_job *job = jobs; job; job = job->next)
    if (job->notice.environment == environment) interrupt(job);
  shim_lock_release(&jobs_lock);
}

/* An environment ends. What it waited for is not wanted any more, and given back if it came in time. */
void file_lock_forget(struct environment *environment) {
  interrupt_jobs(environment);
  for (;;) {
    shim_lock_take(&jobs_lock);
    struct file_lock_job **at = &jobs;
    while (*at && (*at)->notice.environment != environment) at = &(*at)->next;
    struct file_lock_job *job = *at;
    if (job) *at = job->next;
    shim_lock_release(&jobs_lock);
    if (!job) return;
    int fd = job->fd, unlocking = job->operation / 4 * 4 + UNLOCK;
    off_t start = job->start, length = job->length;
    if (end(job) == 0) apply(fd, unlocking, start, length, false);
  }
}
