// A peer of refused.test.ts: waits in all ways, then has nothing to wait for; says what processor time it takes, in ms. NAME

import process from "node:process";
import { Event, Futex, SharedMemory } from "../../mod.ts";

const IDLE_MS = 600;
const memory = SharedMemory.create(process.argv[2] as string, { size: 4096, unlinkOnClose: true });
const event = Event.create(`${process.argv[2]}-event`, { unlinkOnClose: true });
const futexes = Array.from({ length: 8 }, (_, index) => Futex.over(memory, 4 * index));
const waits = futexes.map((futex) => futex.wait(0));
await new Promise((resolve) => setTimeout(resolve, 100));
for (const futex of futexes) {
  futex.store(1);
  futex.wake();
}
await Promise.all(waits);
event.set();
await event.wait();

/** In ms. */
async function timeOf(idle: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await idle();
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 1000);
}

event.reset();
console.log(await timeOf(() => new Promise((resolve) => setTimeout(resolve, IDLE_MS))));
console.log(await timeOf(() => event.waitSync({ timeoutMs: IDLE_MS })));
for (const each of [event, memory]) each.close();
process.exit();
