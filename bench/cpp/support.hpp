// What every native benchmark needs: two pinned processes, one shared mapping, a clock, forced copies, percentiles, JSON.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

constexpr uint64_t NANOSECONDS_PER_MILLISECOND = 1000000;

inline uint64_t now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

// CPU time of this process. Trials that spin are timed by it: on a busy machine they get as much of it as on a quiet one.
inline double own_cpu_ms() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// The compiler must believe that all bytes of `object` are used here, or it drops the copy that made them.
template <typename T> inline void force_copy(T &object) { asm volatile("" : : "r"(&object) : "memory"); }

[[noreturn]] inline void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

inline void pin_to_cpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) perror("sched_setaffinity");
}

// An object in memory that a child made by fork shares; all pages are there before the first measurement.
template <typename T> T *make_shared_object() {
  void *memory = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) fail("mmap failed");
  return new (memory) T();
}

// Runs `child` on CPU 1 in a process of its own and `parent` on CPU 0; fails when the child failed.
template <typename Child, typename Parent> void run_two_processes(Child child, Parent parent) {
  const pid_t pid = fork();
  if (pid < 0) fail("fork failed");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin_to_cpu(1);
    child();
    _exit(0);
  }
  pin_to_cpu(0);
  parent();
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0) fail("the peer process failed");
}

// `--name value` from the command line, or the default.
inline uint64_t option(int count, char **arguments, const char *name, uint64_t fallback) {
  for (int i = 1; i + 1 < count; ++i) {
    if (strcmp(arguments[i], name) == 0) return strtoull(arguments[i + 1], nullptr, 10);
  }
  return fallback;
}

inline double cpu_ms_of(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const double seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec);
  return seconds * 1e3 + static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
}

// CPU time of this process and its ended children: tells the runner how much of the machine others used.
inline double cpu_ms() { return cpu_ms_of(RUSAGE_SELF) + cpu_ms_of(RUSAGE_CHILDREN); }

// Nanoseconds per message or per round trip. Plain memory, sorted once at the end.
class Samples {
  static constexpr size_t MAXIMUM_COUNT = 1000000;
  double *values_ = static_cast<double *>(malloc(MAXIMUM_COUNT * sizeof(double)));
  size_t count_ = 0;

  static int compare(const void *left, const void *right) {
    const double a = *static_cast<const double *>(left), b = *static_cast<const double *>(right);
    return a < b ? -1 : a > b;
  }

  double percentile(double share) const {
    const size_t index = static_cast<size_t>(share * static_cast<double>(count_));
    return values_[index < count_ ? index : count_ - 1];
  }

public:
  void add(double value) {
    if (count_ < MAXIMUM_COUNT) values_[count_++] = value;
  }

  void print() {
    if (count_ == 0) fail("no samples");
    qsort(values_, count_, sizeof(double), compare);
    printf("{\"samples\":%zu,\"minimum\":%.2f,\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"p999\":%.2f,"
           "\"maximum\":%.2f,\"cpuMs\":%.1f}\n",
           count_, values_[0], percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999),
           values_[count_ - 1], cpu_ms());
  }
};
