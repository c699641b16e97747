// The control of bench/map.ts: a chained hash map in shared memory under a futex mutex, as one writes it in C++.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

constexpr uint32_t KEYS = 10000, BUCKETS = 16384, KEY_BYTES = 64, VALUE_BYTES = 64, BLOCK = 1000, SAMPLES = 4096;

struct Slot {
  uint32_t next, hash, key_length, value_length;
  char key[KEY_BYTES];
  char value[VALUE_BYTES];
};

struct Map {
  std::atomic<uint32_t> lock; // 0 free, 1 held, 2 held and awaited
  uint32_t count;
  uint32_t heads[BUCKETS]; // slot + 1
  Slot slots[KEYS];
};

static double now_ns() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

static void acquire(std::atomic<uint32_t> &word) {
  uint32_t found = 0;
  if (word.compare_exchange_strong(found, 1, std::memory_order_acquire)) return;
  while (word.exchange(2, std::memory_order_acquire) != 0) syscall(SYS_futex, &word, FUTEX_WAIT, 2, nullptr, nullptr, 0);
}

static void release(std::atomic<uint32_t> &word) {
  if (word.exchange(0, std::memory_order_release) == 2) syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

static uint32_t hash_of(const char *key, uint32_t length) {
  uint32_t hash = 2166136261u; // FNV-1a
  for (uint32_t i = 0; i < length; ++i) hash = (hash ^ static_cast<unsigned char>(key[i])) * 16777619u;
  return hash ^ (hash >> 16);
}

static Slot *find(Map &map, const char *key, uint32_t length, uint32_t hash) {
  for (uint32_t link = map.heads[hash % BUCKETS]; link != 0; link = map.slots[link - 1].next) {
    Slot &slot = map.slots[link - 1];
    if (slot.hash == hash && slot.key_length == length && memcmp(slot.key, key, length) == 0) return &slot;
  }
  return nullptr;
}

static uint32_t get(Map &map, const char *key, char *target) {
  const uint32_t length = static_cast<uint32_t>(strlen(key)), hash = hash_of(key, length);
  acquire(map.lock);
  const Slot *slot = find(map, key, length, hash);
  const uint32_t found = slot == nullptr ? 0 : slot->value_length;
  if (slot != nullptr) memcpy(target, slot->value, found);
  release(map.lock);
  return found;
}

static void set(Map &map, const char *key, const char *value, uint32_t value_length) {
  const uint32_t length = static_cast<uint32_t>(strlen(key)), hash = hash_of(key, length);
  acquire(map.lock);
  Slot *slot = find(map, key, length, hash);
  if (slot == nullptr && map.count < KEYS) {
    slot = &map.slots[map.count++];
    slot->next = map.heads[hash % BUCKETS];
    slot->hash = hash;
    slot->key_length = length;
    memcpy(slot->key, key, length);
    map.heads[hash % BUCKETS] = map.count;
  }
  if (slot != nullptr) {
    memcpy(slot->value, value, value_length);
    slot->value_length = value_length;
  }
  release(map.lock);
}

static int compare(const void *left, const void *right) {
  const double a = *static_cast<const double *>(left), b = *static_cast<const double *>(right);
  return a < b ? -1 : a > b;
}

// map get|set milliseconds: prints the median of ns per operation over blocks of 1000.
int main(int count, char **arguments) {
  const bool writes = count > 1 && strcmp(arguments[1], "set") == 0;
  const double measure_ns = (count > 2 ? atof(arguments[2]) : 300) * 1e6;
  void *memory = mmap(nullptr, sizeof(Map), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) return 1;
  Map &map = *static_cast<Map *>(memory);
  static char keys[KEYS][KEY_BYTES];
  char value[VALUE_BYTES] = {7}, target[VALUE_BYTES];
  for (uint32_t i = 0; i < KEYS; ++i) snprintf(keys[i], KEY_BYTES, "user:%08u", i);
  for (uint32_t i = 0; i < KEYS; ++i) set(map, keys[i], value, VALUE_BYTES);
  static double samples[SAMPLES];
  uint32_t taken = 0, at = 0;
  const double warm = now_ns() + measure_ns / 2, end = warm + measure_ns;
  for (double before = now_ns(); before < end && taken < SAMPLES;) {
    for (uint32_t i = 0; i < BLOCK; ++i) {
      at = (at + 7919) % KEYS;
      if (writes) set(map, keys[at], value, VALUE_BYTES);
      else if (get(map, keys[at], target) != VALUE_BYTES) return 1;
      asm volatile("" : : "r"(target) : "memory");
    }
    const double after = now_ns();
    if (before >= warm) samples[taken++] = (after - before) / BLOCK;
    before = after;
  }
  qsort(samples, taken, sizeof(double), compare);
  printf("{\"p50\":%.2f}\n", samples[taken / 2]);
  return 0;
}
