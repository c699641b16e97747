// One-way throughput of SPSCQueue, every message copied in, published and copied out; prints JSON.
// --size 32 (a market tick) or 1024. The producer sends for the given time and ends with a last message. The consumer
// checks every sequence number; a sample is the time per message over a block as long as the ring, so that the median
// is the throughput while nobody else had the CPU.
#include "queue.hpp"
#include "support.hpp"

constexpr uint64_t END = UINT64_MAX;

struct Limits {
  double warm_up_ms, measure_ms;
  uint64_t block;
};

static uint64_t &sequence_of(MarketTick &tick) { return tick.timestamp; }
static uint64_t &sequence_of(Kilobyte &block) { return block.words[0]; }

static void prepare(MarketTick &tick) { tick = MarketTick{0, 1001, 100.25, 100}; }
static void prepare(Kilobyte &block) {
  for (uint64_t i = 0; i < 128; ++i) block.words[i] = i;
}

template <typename Queue, typename T> static void send(Queue &queue, T &message, uint64_t sequence) {
  sequence_of(message) = sequence;
  force_copy(message);
  while (!queue.try_push(message)) {
  }
}

template <typename T, typename Queue> static void produce(Queue &queue, const Limits &limits) {
  T message;
  prepare(message);
  const double end = own_cpu_ms() + limits.warm_up_ms + limits.measure_ms;
  uint64_t sequence = 0;
  while (own_cpu_ms() < end) {
    for (uint64_t i = 0; i < limits.block; ++i) send(queue, message, sequence++);
  }
  send(queue, message, END);
}

// False when it was the last message.
template <typename Queue, typename T> static bool receive(Queue &queue, T &message, uint64_t expected) {
  while (!queue.try_pop(message)) {
  }
  force_copy(message);
  if (sequence_of(message) == END) return false;
  if (sequence_of(message) != expected) fail("a message was lost or reordered");
  return true;
}

template <typename T, typename Queue> static void consume(Queue &queue, Samples &samples, const Limits &limits) {
  T message;
  uint64_t sequence = 0;
  const double begin = own_cpu_ms() + limits.warm_up_ms;
  for (uint64_t before = now_ns();;) {
    for (uint64_t i = 0; i < limits.block; ++i) {
      if (!receive(queue, message, sequence++)) return;
    }
    const uint64_t after = now_ns();
    if (own_cpu_ms() >= begin) samples.add(static_cast<double>(after - before) / static_cast<double>(limits.block));
    before = now_ns();
  }
}

template <typename T, size_t Capacity> static void run(const Limits &limits) {
  using Queue = SPSCQueue<T, Capacity>;
  Queue *queue = make_shared_object<Queue>();
  Samples samples;
  run_two_processes([&] { produce<T>(*queue, limits); }, [&] { consume<T>(*queue, samples, limits); });
  samples.print();
}

int main(int count, char **arguments) {
  const Limits limits{static_cast<double>(option(count, arguments, "--warm-up-ms", 150)),
                      static_cast<double>(option(count, arguments, "--measure-ms", 500)),
                      option(count, arguments, "--block", 4096)};
  const uint64_t slots = option(count, arguments, "--slots", 4096);
  if (option(count, arguments, "--size", 32) == 32) run<MarketTick, 4096>(limits);
  else if (slots == 256) run<Kilobyte, 256>(limits);
  else if (slots == 1024) run<Kilobyte, 1024>(limits);
  else run<Kilobyte, 4096>(limits);
}
