// Locks whose file somebody has cut: who gives one back is told, since nobody else has seen it.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { after, afterEach, describe, it } from "node:test";
import { Barrier, Mutex, Once, RwLock, Semaphore } from "../../mod.ts";
import { cleanUp } from "../support/mod.ts";
import { closeAll, make } from "./scene.ts";

/** Of each class: something held, and how it is given back. */
const holdings: Record<string, () => { name: string; giveBack: () => unknown }> = {
  "a mutex": () => {
    const { name, it: mutex } = make(Mutex, "cut");
    const guard = mutex.lockSync();
    return { name, giveBack: () => guard.unlock() };
  },
  "a lock for writing": () => {
    const { name, it: lock } = make(RwLock, "cut");
    const guard = lock.writeSync();
    return { name, giveBack: () => guard.unlock() };
  },
  "a lock for reading": () => {
    const { name, it: lock } = make(RwLock, "cut");
    const guard = lock.readSync();
    return { name, giveBack: () => guard.unlock() };
  },
  "an owned permit": () => {
    const { name, it: semaphore } = make(Semaphore, "cut", { value: 2, owned: true });
    semaphore.acquireSync();
    return { name, giveBack: () => semaphore.release() };
  },
  "what is done once": () => {
    const { name, it: once } = make(Once, "cut");
    return { name, giveBack: () => once.runSync(() => truncateSync(`/dev/shm${name}`, 0)) };
  },
  "a place at a barrier": () => {
    const { name, it: barrier } = make(Barrier, "cut");
    barrier.join();
    return { name, giveBack: () => barrier.arriveSync() };
  },
};

describe("whose file was cut", () => {
  afterEach(closeAll);
  after(cleanUp);

  for (const [what, hold] of Object.entries(holdings))
    it(`says so to who gives back ${what}`, () => {
      const { name, giveBack } = hold();
      if (what !== "what is done once") truncateSync(`/dev/shm${name}`, 0);
      assert.throws(giveBack, { code: "EBADMSG", message: /pages were lost/ });
    });
});
