// A clock and microtasks that stand still, as fake timers of vitest and Jest make them: waits end all the same.

import assert from "node:assert/strict";
import { closeSync, openSync, rmSync } from "node:fs";
import { after, afterEach, describe, it } from "node:test";
import { Event, IpcError, RwLock, SharedMemory } from "../../mod.ts";
import { cleanUp, ownRuntime, runPeer, uniqueName, within } from "../support/mod.ts";

const clock = Object.getOwnPropertyDescriptor(globalThis, "performance") as PropertyDescriptor;

function stopClock(): void {
  const now = performance.now();
  Object.defineProperty(globalThis, "performance", { configurable: true, writable: true, value: { now: () => now } });
}

describe("a clock that stands still", () => {
  after(cleanUp);
  afterEach(() => {
    Object.defineProperty(globalThis, "performance", clock);
  });

  it("keeps no timeout from ending", async () => {
    const event = Event.create(uniqueName("clock"), { unlinkOnClose: true });
    const lock = RwLock.create(uniqueName("clock"), { unlinkOnClose: true });
    const reader = lock.readSync();
    stopClock();
    assert.equal(await within(event.wait({ timeoutMs: 5 }), 2000, "the event's timeout"), false);
    assert.equal(await within(lock.write({ timeoutMs: 5 }), 2000, "the writer's timeout"), undefined);
    reader.unlock();
    for (const object of [event, lock]) object.close();
  });

  it("keeps no open waiting for who never says how large the memory is", () => {
    const name = uniqueName("clock");
    closeSync(openSync(`/dev/shm${name}`, "w"));
    stopClock();
    try {
      assert.throws(
        () => SharedMemory.open(name, { timeoutMs: 5 }),
        (error) => error instanceof IpcError && error.code === "ETIMEDOUT",
      );
    } finally {
      rmSync(`/dev/shm${name}`);
    }
  });

  it("keeps no process alive that has been told what it waited for", async () => {
    const program = new URL("./faked_peer.ts", import.meta.url);
    const end = await runPeer(ownRuntime, program, [uniqueName("clock")], { timeoutMs: 10_000 });
    assert.deepEqual([end.stdout, end.signal], ["true\n", null], end.stderr);
  });
});
