// Round trip of a 32-byte message over two SPSCQueues, both sides spinning on empty; prints percentiles as JSON.
// A sample is the mean of --group consecutive round trips, because one look at the clock costs a JavaScript runtime
// up to half a round trip, and both sides of a comparison are to be timed alike.
#include "queue.hpp"
#include "support.hpp"

using Queue = SPSCQueue<MarketTick, 4096>;
constexpr uint64_t END = UINT64_MAX;

struct Channel {
  Queue there;
  Queue back;
};

static void push(Queue &queue, const MarketTick &tick) {
  while (!queue.try_push(tick)) {
  }
}

static void pop(Queue &queue, MarketTick &tick) {
  while (!queue.try_pop(tick)) {
  }
  force_copy(tick);
}

static void echo(Channel &channel) {
  MarketTick tick{};
  do {
    pop(channel.there, tick);
    push(channel.back, tick);
  } while (tick.timestamp != END);
}

static void round_trip(Channel &channel, uint64_t number) {
  MarketTick tick{number, 1001, 100.25, 100};
  push(channel.there, tick);
  pop(channel.back, tick);
  if (tick.timestamp != number) fail("a round trip brought back another message");
}

constexpr int GROUPS_PER_LOOK_AT_CPU_TIME = 64;

static void measure(Channel &channel, Samples &samples, double warm_up_ms, double measure_ms, uint64_t group) {
  uint64_t number = 0;
  for (double cpu = own_cpu_ms(), begin = cpu + warm_up_ms; cpu < begin + measure_ms; cpu = own_cpu_ms()) {
    uint64_t before = now_ns();
    for (int look = 0; look < GROUPS_PER_LOOK_AT_CPU_TIME; ++look) {
      for (uint64_t i = 0; i < group; ++i) round_trip(channel, number++);
      const uint64_t after = now_ns();
      if (cpu >= begin) samples.add(static_cast<double>(after - before) / static_cast<double>(group));
      before = after;
    }
  }
  round_trip(channel, END);
}

int main(int count, char **arguments) {
  const double warm_up_ms = static_cast<double>(option(count, arguments, "--warm-up-ms", 150));
  const double measure_ms = static_cast<double>(option(count, arguments, "--measure-ms", 500));
  const uint64_t group = option(count, arguments, "--group", 32);
  Channel *channel = make_shared_object<Channel>();
  Samples samples;
  run_two_processes([&] { echo(*channel); }, [&] { measure(*channel, samples, warm_up_ms, measure_ms, group); });
  samples.print();
}
