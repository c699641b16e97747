// The first blocking waits of a process: what a short timeout allows is not spent on measuring the machine.

import assert from "node:assert/strict";
import { it } from "node:test";
import { FutexLock, Mutex, SharedMemory } from "../../mod.ts";
import { environment } from "../../src/runtime/environment.ts";
import { uniqueName } from "../support/mod.ts";

it("the first blocking wait looks at its deadline before it measures what a wake-up costs", () => {
  const calls = environment().calls as unknown as Record<string, () => number>;
  const { measure_wake: measure } = calls;
  let count = 0;
  calls.measure_wake = () => {
    count++;
    return measure();
  };
  const name = uniqueName("first");
  const [mutex, other] = [Mutex.create(name, { unlinkOnClose: true }), Mutex.open(name)];
  const memory = SharedMemory.anonymous({ size: 4096 });
  const [plain, same] = [FutexLock.over(memory, 0), FutexLock.over(memory, 0)];
  const guards = [mutex.lockSync(), plain.lockSync()];
  for (const timeoutMs of [0, 1]) assert.equal(other.lockSync({ timeoutMs }), undefined);
  for (const timeoutMs of [0, 1]) assert.equal(same.lockSync({ timeoutMs }), undefined);
  assert.equal(count, 0);
  for (const object of [other, same]) assert.equal(object.lockSync({ timeoutMs: 50 }), undefined);
  assert.equal(count, 1);
  for (const guard of guards) guard?.unlock();
  for (const object of [other, mutex, memory]) object.close();
});
