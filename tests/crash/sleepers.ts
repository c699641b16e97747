// Sleepers: whether anybody has announced that it sleeps on a named object, which begins with its eventcount.

import { SharedMemory } from "../../mod.ts";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import { EVENTCOUNT } from "../../src/sync/layout.ts";
import { SLEEPERS } from "../../src/wait/eventcount.ts";
import { until } from "../support/wait.ts";

export async function untilSomebodySleeps(name: string): Promise<void> {
  const memory = SharedMemory.open(name);
  const words = new Int32Array(memory.buffer);
  const hasSleepers = () => (Atomics.load(words, (OBJECT_OFFSET + EVENTCOUNT) / 4) & SLEEPERS) !== 0;
  await until(hasSleepers, `somebody sleeps on ${name}`);
  memory.close();
}
