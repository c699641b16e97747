// The SPSCQueue with a futex sleep: a receiver looks a little while, then sleeps in the kernel; prints JSON.
// Default: one-way latency, the sender sends one message every --pace-us microseconds, so that the receiver sleeps.
// --pace-us 0: ping-pong, half of each round trip, both sides looking a little and then asleep.
#include "queue.hpp"
#include "support.hpp"
#include <linux/futex.h>
#include <sys/syscall.h>

constexpr uint64_t END = UINT64_MAX;

// 1 = the receiver sleeps or is about to; the sender clears it and wakes.
class SleepingQueue {
  SPSCQueue<MarketTick, 4096> queue_;
  alignas(64) std::atomic<uint32_t> sleeper_{0};

  long futex(int operation, uint32_t value) {
    return syscall(SYS_futex, reinterpret_cast<uint32_t *>(&sleeper_), operation, value, nullptr, nullptr, 0);
  }

public:
  void push(const MarketTick &tick) {
    while (!queue_.try_push(tick)) {
    }
    // Pairs with the fence in pop: either the receiver's second look finds the message, or we find its flag.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (sleeper_.load(std::memory_order_relaxed) == 0) return;
    sleeper_.store(0, std::memory_order_relaxed);
    futex(FUTEX_WAKE, 1);
  }

  void pop(MarketTick &tick, uint64_t looks) {
    for (;;) {
      for (uint64_t i = 0; i < looks; ++i) {
        if (queue_.try_pop(tick)) return;
      }
      sleeper_.store(1, std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (queue_.try_pop(tick)) {
        sleeper_.store(0, std::memory_order_relaxed);
        return;
      }
      futex(FUTEX_WAIT, 1);
    }
  }
};

struct Channel {
  SleepingQueue there;
  SleepingQueue back;
};

struct Settings {
  uint64_t warm_up_ms, measure_ms, pace_us, looks;
};

static void sleep_us(uint64_t microseconds) {
  const timespec time{static_cast<time_t>(microseconds / 1000000), static_cast<long>(microseconds % 1000000 * 1000)};
  nanosleep(&time, nullptr);
}

static void send_at_a_pace(Channel &channel, const Settings &settings) {
  const uint64_t end = now_ns() + (settings.warm_up_ms + settings.measure_ms) * NANOSECONDS_PER_MILLISECOND;
  while (now_ns() < end) {
    sleep_us(settings.pace_us);
    channel.there.push(MarketTick{now_ns(), 1001, 100.25, 100});
  }
  channel.there.push(MarketTick{END, 0, 0, 0});
}

static void receive_stamps(Channel &channel, Samples &samples, const Settings &settings) {
  const uint64_t begin = now_ns() + settings.warm_up_ms * NANOSECONDS_PER_MILLISECOND;
  MarketTick tick{};
  for (;;) {
    channel.there.pop(tick, settings.looks);
    const uint64_t now = now_ns();
    if (tick.timestamp == END) return;
    if (now >= begin) samples.add(static_cast<double>(now - tick.timestamp));
  }
}

static void echo(Channel &channel, uint64_t looks) {
  MarketTick tick{};
  do {
    channel.there.pop(tick, looks);
    channel.back.push(tick);
  } while (tick.timestamp != END);
}

static void round_trips(Channel &channel, Samples &samples, const Settings &settings) {
  MarketTick tick{0, 1001, 100.25, 100};
  const uint64_t begin = now_ns() + settings.warm_up_ms * NANOSECONDS_PER_MILLISECOND;
  const uint64_t end = begin + settings.measure_ms * NANOSECONDS_PER_MILLISECOND;
  for (uint64_t before = now_ns(); tick.timestamp != END;) {
    tick.timestamp = before < end ? before : END;
    channel.there.push(tick);
    channel.back.pop(tick, settings.looks);
    const uint64_t after = now_ns();
    if (before >= begin) samples.add(static_cast<double>(after - before) / 2);
    before = after;
  }
}

int main(int count, char **arguments) {
  const Settings settings{option(count, arguments, "--warm-up-ms", 150), option(count, arguments, "--measure-ms", 500),
                          option(count, arguments, "--pace-us", 1000), option(count, arguments, "--looks", 2000)};
  Channel *channel = make_shared_object<Channel>();
  Samples samples;
  if (settings.pace_us == 0) {
    run_two_processes([&] { echo(*channel, settings.looks); }, [&] { round_trips(*channel, samples, settings); });
  } else {
    run_two_processes([&] { send_at_a_pace(*channel, settings); }, [&] { receive_stamps(*channel, samples, settings); });
  }
  samples.print();
}
