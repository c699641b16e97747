// Huge pages: what the machine has, what a program gets, and what they are worth. bun, deno run -A or node huge_pages.ts
import { AnonymousMemory, hugePagePools, IpcError, SharedMemory } from "@linux-ipc/core";

const MB = 2 ** 20;
const READS = 2 ** 21;

for (const { pageSize, available, total } of hugePagePools()) {
  console.log(`Pages of ${pageSize / MB} MB: ${available} of ${total} are free.`);
}

// Huge pages or an error: the message says what to change.
try {
  const memory = SharedMemory.anonymous({ size: 64 * MB, hugePages: "2MB" });
  console.log(`Shared memory on pages of ${memory.hugePages}; a peer that gets the descriptor has them too.`);
  memory.close();
} catch (error) {
  if (!(error instanceof IpcError)) throw error;
  console.log(error.message);
}

/** Nanoseconds that one read of a random place takes. */
function randomRead(memory: AnonymousMemory): number {
  const words = new Int32Array(memory.buffer);
  const mask = words.length - 1; // the length is a power of two
  const start = performance.now();
  let place = 12345;
  let sum = 0;
  for (let read = 0; read < READS; read++) {
    place = (Math.imul(place, 1664525) + 1013904223 + words[place & mask]) | 0;
    sum += place & 1;
  }
  return sum < 0 ? 0 : ((performance.now() - start) * 1e6) / READS;
}

// Huge pages if there are some, ordinary memory if not: the same program runs everywhere.
for (const hugePages of [undefined, "try"] as const) {
  const memory = AnonymousMemory.create({ size: 128 * MB, hugePages, populate: true });
  for (let warmUp = 0; warmUp < 3; warmUp++) randomRead(memory);
  const kind = memory.hugePages ?? "ordinary";
  console.log(`128 MB of ${kind} pages: ${randomRead(memory).toFixed(1)} ns for a read of a random place.`);
  memory.close();
}
