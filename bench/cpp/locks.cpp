// Locks between processes, the controls of bench/sync: the tutorial's futex mutex (0, 1, 2) and pthread's robust one;
// prints JSON. --robust 0|1 chooses the lock, --test what is measured:
// 0: lock and unlock of a free lock, in groups. 1: hand-off, from unlock to the return of a lock() that slept for
// --pace-us in the kernel. 2 (robust only): from kill -9 of the holder to the return of lock().
#include "support.hpp"
#include <atomic>
#include <cerrno>
#include <csignal>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>

class FutexMutex {
  std::atomic<uint32_t> state_{0}; // 0 free, 1 held, 2 held and somebody waits

  long futex(int operation, uint32_t value) {
    return syscall(SYS_futex, reinterpret_cast<uint32_t *>(&state_), operation, value, nullptr, nullptr, 0);
  }

public:
  void lock() {
    uint32_t found = 0;
    if (state_.compare_exchange_strong(found, 1, std::memory_order_acquire)) return;
    if (found != 2) found = state_.exchange(2, std::memory_order_acquire);
    while (found != 0) {
      futex(FUTEX_WAIT, 2);
      found = state_.exchange(2, std::memory_order_acquire);
    }
  }

  void unlock() {
    if (state_.exchange(0, std::memory_order_release) == 2) futex(FUTEX_WAKE, 1);
  }
};

class RobustMutex {
  pthread_mutex_t mutex_;

public:
  RobustMutex() {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&mutex_, &attributes);
  }

  void lock() {
    if (pthread_mutex_lock(&mutex_) == EOWNERDEAD) pthread_mutex_consistent(&mutex_);
  }

  void unlock() { pthread_mutex_unlock(&mutex_); }
};

template <typename Mutex> struct Table {
  Mutex mutex;
  alignas(64) std::atomic<uint64_t> round{0}; // the holder's; UINT64_MAX ends
  alignas(64) std::atomic<uint64_t> answered{0};
  alignas(64) std::atomic<uint64_t> stamp{0};
};

struct Settings {
  uint64_t warm_up_ms, measure_ms, pace_us;
};

constexpr uint64_t POLL_US = 20;

static void sleep_us(uint64_t microseconds) {
  const timespec time{static_cast<time_t>(microseconds / 1000000), static_cast<long>(microseconds % 1000000 * 1000)};
  nanosleep(&time, nullptr);
}

template <typename Mutex> static void uncontended(Samples &samples, const Settings &settings) {
  constexpr int GROUP = 1000;
  Mutex *mutex = make_shared_object<Mutex>();
  pin_to_cpu(0);
  const uint64_t begin = now_ns() + settings.warm_up_ms * NANOSECONDS_PER_MILLISECOND;
  const uint64_t end = begin + settings.measure_ms * NANOSECONDS_PER_MILLISECOND;
  for (uint64_t before = now_ns(); before < end;) {
    for (int i = 0; i < GROUP; ++i) {
      mutex->lock();
      mutex->unlock();
    }
    const uint64_t after = now_ns();
    if (before >= begin) samples.add(static_cast<double>(after - before) / GROUP);
    before = after;
  }
}

template <typename Mutex> static void hold_and_pass_on(Table<Mutex> &table, const Settings &settings) {
  const uint64_t end = now_ns() + (settings.warm_up_ms + settings.measure_ms) * NANOSECONDS_PER_MILLISECOND;
  for (uint64_t round = 1; now_ns() < end; ++round) {
    table.mutex.lock();
    table.round = round;
    sleep_us(settings.pace_us);
    table.stamp = now_ns();
    table.mutex.unlock();
    while (table.answered != round) sleep_us(POLL_US);
  }
  table.round = UINT64_MAX;
}

template <typename Mutex>
static void take_when_passed_on(Table<Mutex> &table, Samples &samples, const Settings &settings) {
  const uint64_t begin = now_ns() + settings.warm_up_ms * NANOSECONDS_PER_MILLISECOND;
  for (uint64_t last = 0; table.round != UINT64_MAX;) {
    if (table.round == last) {
      sleep_us(POLL_US);
      continue;
    }
    last = table.round;
    table.mutex.lock();
    const uint64_t now = now_ns();
    table.mutex.unlock();
    if (now >= begin && last != UINT64_MAX) samples.add(static_cast<double>(now - table.stamp));
    table.answered = last;
  }
}

template <typename Mutex> static void hand_off(Samples &samples, const Settings &settings) {
  Table<Mutex> *table = make_shared_object<Table<Mutex>>();
  run_two_processes([&] { hold_and_pass_on(*table, settings); },
                    [&] { take_when_passed_on(*table, samples, settings); });
}

static void recover(Samples &samples, const Settings &settings) {
  Table<RobustMutex> *table = make_shared_object<Table<RobustMutex>>();
  const uint64_t end = now_ns() + settings.measure_ms * NANOSECONDS_PER_MILLISECOND;
  for (uint64_t round = 1; now_ns() < end; ++round) {
    const pid_t pid = fork();
    if (pid == 0) {
      table->mutex.lock();
      table->round = round;
      for (;;) pause();
    }
    while (table->round != round) sleep_us(POLL_US);
    const uint64_t before = now_ns();
    kill(pid, SIGKILL);
    table->mutex.lock();
    samples.add(static_cast<double>(now_ns() - before));
    table->mutex.unlock();
    waitpid(pid, nullptr, 0);
  }
}

template <typename Mutex> static void run(uint64_t test, Samples &samples, const Settings &settings) {
  if (test == 0) uncontended<Mutex>(samples, settings);
  else hand_off<Mutex>(samples, settings);
}

int main(int count, char **arguments) {
  const Settings settings{option(count, arguments, "--warm-up-ms", 150), option(count, arguments, "--measure-ms", 500),
                          option(count, arguments, "--pace-us", 1000)};
  const uint64_t test = option(count, arguments, "--test", 0);
  Samples samples;
  if (test == 2) recover(samples, settings);
  else if (option(count, arguments, "--robust", 0)) run<RobustMutex>(test, samples, settings);
  else run<FutexMutex>(test, samples, settings);
  samples.print();
}
