// The control of bench/latest_value.ts: the same buffers and the same checks as src/ring/latest_value/layout.ts, in C++.
#include "support.hpp"
#include <atomic>

constexpr size_t WORDS = 84;
constexpr uint32_t BUFFERS = 8;
constexpr uint64_t BLOCK = 1000;

struct Book {
  uint32_t words[WORDS];
};

struct alignas(128) Buffer {
  std::atomic<uint32_t> sequence;
  uint32_t epoch, length, checksum;
  Book book;
};

struct Latest {
  alignas(128) std::atomic<uint32_t> current;
  alignas(128) std::atomic<uint32_t> stop;
  Buffer buffers[BUFFERS];
};

static void write_book(Latest &latest, const Book &book) {
  const uint32_t next = latest.current.load(std::memory_order_relaxed) + 1;
  Buffer &buffer = latest.buffers[next % BUFFERS];
  buffer.sequence.store(next, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  buffer.length = sizeof(Book);
  memcpy(&buffer.book, &book, sizeof(Book));
  latest.current.store(next, std::memory_order_release);
}

static void read_book(const Latest &latest, Book &copy) {
  for (;;) {
    const uint32_t sequence = latest.current.load(std::memory_order_acquire);
    const Buffer &buffer = latest.buffers[sequence % BUFFERS];
    memcpy(&copy, &buffer.book, sizeof(Book));
    std::atomic_thread_fence(std::memory_order_acquire);
    if (buffer.sequence.load(std::memory_order_relaxed) == sequence) return;
  }
}

template <typename Work> static void measure(uint64_t warm_up_ms, uint64_t measure_ms, Work work) {
  Samples samples;
  const uint64_t begin = now_ns() + warm_up_ms * NANOSECONDS_PER_MILLISECOND;
  const uint64_t end = begin + measure_ms * NANOSECONDS_PER_MILLISECOND;
  for (uint64_t before = now_ns(); before < end;) {
    for (uint64_t i = 0; i < BLOCK; ++i) work();
    const uint64_t after = now_ns();
    if (before >= begin) samples.add(static_cast<double>(after - before) / static_cast<double>(BLOCK));
    before = after;
  }
  samples.print();
}

// One book every `pace_ns`.
static void write_paced(Latest &latest, uint64_t pace_ns) {
  Book book{};
  for (uint64_t next = now_ns(); latest.stop.load() == 0; next += pace_ns) {
    while (now_ns() < next) __builtin_ia32_pause();
    book.words[0]++;
    write_book(latest, book);
  }
}

int main(int count, char **arguments) {
  const uint64_t warm_up_ms = option(count, arguments, "--warm-up-ms", 200);
  const uint64_t measure_ms = option(count, arguments, "--measure-ms", 300);
  const uint64_t pace_ns = option(count, arguments, "--pace-ns", 0);
  const bool writes = option(count, arguments, "--write", 0) != 0;
  Latest &latest = *make_shared_object<Latest>();
  Book copy{};
  write_book(latest, copy);
  const auto read = [&] {
    read_book(latest, copy);
    force_copy(copy);
  };
  if (writes) measure(warm_up_ms, measure_ms, [&] { write_book(latest, copy); });
  else if (pace_ns == 0) measure(warm_up_ms, measure_ms, read);
  else
    run_two_processes([&] { write_paced(latest, pace_ns); },
                      [&] {
                        measure(warm_up_ms, measure_ms, read);
                        latest.stop.store(1);
                      });
  return 0;
}
