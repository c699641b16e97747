// The tutorial's SPSCQueue: one producer, one consumer, a sequence number in every slot. The control of all ring rows.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

// Slot i starts with sequence i. A producer may fill the slot of position p when its sequence is p and publishes with
// p + 1; a consumer may read it when its sequence is p + 1 and frees it for the next lap with p + Capacity.
template <typename T, size_t Capacity> class SPSCQueue {
  static_assert((Capacity & (Capacity - 1)) == 0 && Capacity >= 2, "capacity must be a power of two");

  struct alignas(64) Slot {
    std::atomic<uint64_t> sequence{0};
    T data;
  };

  alignas(64) std::atomic<uint64_t> write_position_{0};
  alignas(64) std::atomic<uint64_t> read_position_{0};
  Slot slots_[Capacity];

public:
  SPSCQueue() {
    for (size_t i = 0; i < Capacity; ++i) slots_[i].sequence.store(i, std::memory_order_relaxed);
  }

  bool try_push(const T &item) {
    const uint64_t position = write_position_.load(std::memory_order_relaxed);
    Slot &slot = slots_[position % Capacity];
    if (slot.sequence.load(std::memory_order_acquire) != position) return false;
    slot.data = item;
    slot.sequence.store(position + 1, std::memory_order_release);
    write_position_.store(position + 1, std::memory_order_release);
    return true;
  }

  bool try_pop(T &item) {
    const uint64_t position = read_position_.load(std::memory_order_relaxed);
    Slot &slot = slots_[position % Capacity];
    if (slot.sequence.load(std::memory_order_acquire) != position + 1) return false;
    item = slot.data;
    slot.sequence.store(position + Capacity, std::memory_order_release);
    read_position_.store(position + 1, std::memory_order_release);
    return true;
  }
};

struct MarketTick {
  uint64_t timestamp;
  uint32_t symbol_id;
  double price;
  uint32_t volume;
};

struct Kilobyte {
  uint64_t words[128];
};

static_assert(sizeof(MarketTick) == 32 && sizeof(Kilobyte) == 1024, "messages of 32 bytes and of 1 KiB");
static_assert(sizeof(SPSCQueue<MarketTick, 4096>) == 128 + 64 * 4096, "the tutorial's layout: 64-byte slots from 128");
static_assert(sizeof(SPSCQueue<Kilobyte, 1024>) == 128 + 1088 * 1024, "8 + 1024 bytes, rounded up to 64");
