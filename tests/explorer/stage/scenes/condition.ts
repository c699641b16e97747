// A condition and its mutex: who waits for a change that comes is not left asleep.

import type { Placement } from "../../../../src/memory/placement.ts";
import { Condition, type ConditionResult } from "../../../../src/sync/condition.ts";
import { CONDITION_SIZE } from "../../../../src/sync/layout.ts";
import { Mutex, type MutexGuard } from "../../../../src/sync/mutex.ts";
import { inTime, timeout, unlessAborted, unlessClosed } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";
import { enter, leave, noteOutside } from "./mutex.ts";

/** How often it has changed. */
const CHANGES = 20;

class Monitor {
  readonly condition: Condition;
  readonly mutex: Mutex;

  constructor(placement: Placement) {
    this.condition = new Condition(placement);
    this.mutex = new Mutex({ ...placement, base: placement.base + CONDITION_SIZE });
  }

  unref(): void {
    this.condition.unref();
    this.mutex.unref();
  }

  close(): void {
    this.condition.close();
    this.mutex.close();
  }
}

/** Waits by a wait that answers undefined where it was given up: then the mutex is not held. */
async function awaitChange(
  mutex: Mutex,
  self: Self,
  wait: (guard: MutexGuard) => Promise<ConditionResult | undefined>,
): Promise<void> {
  let guard = await mutex.lock();
  enter(guard, self);
  while (self.notes[CHANGES] === 0) {
    noteOutside(self);
    const result = await wait(guard);
    if (result === undefined) return;
    guard = result.guard;
    enter(guard, self);
  }
  leave(guard, self);
}

export const scene: Scene<Monitor> = {
  make: (placement) => new Monitor(placement),
  lives: {
    blocks({ condition, mutex }, self) {
      let guard = mutex.lockSync();
      enter(guard, self);
      while (self.notes[CHANGES] === 0) {
        noteOutside(self);
        guard = condition.waitSync(guard).guard;
        enter(guard, self);
      }
      leave(guard, self);
    },
    async awaits({ condition, mutex }, self) {
      let guard = await mutex.lock();
      enter(guard, self);
      while (self.notes[CHANGES] === 0) {
        noteOutside(self);
        guard = (await condition.wait(guard)).guard;
        enter(guard, self);
      }
      leave(guard, self);
    },
    "blocks with a timeout"({ condition, mutex }, self) {
      let guard = mutex.lockSync();
      enter(guard, self);
      while (self.notes[CHANGES] === 0 && !self.isLate) {
        noteOutside(self);
        const result = condition.waitSync(guard, timeout);
        inTime(result.notified, self);
        guard = result.guard;
        enter(guard, self);
      }
      leave(guard, self);
    },
    async "awaits with a timeout"({ condition, mutex }, self) {
      let guard = await mutex.lock();
      enter(guard, self);
      while (self.notes[CHANGES] === 0 && !self.isLate) {
        noteOutside(self);
        const result = await condition.wait(guard, timeout);
        inTime(result.notified, self);
        guard = result.guard;
        enter(guard, self);
      }
      leave(guard, self);
    },
    "awaits with a signal": ({ condition, mutex }, self) =>
      awaitChange(mutex, self, (guard) => unlessAborted((options) => condition.wait(guard, options))),
    "awaits, and closes": ({ condition, mutex }, self) =>
      awaitChange(mutex, self, (guard) => unlessClosed(condition, () => condition.wait(guard))),
    "changes it"({ condition, mutex }, self) {
      const guard = mutex.lockSync();
      enter(guard, self);
      self.notes[CHANGES] = 1;
      condition.notifyAll();
      leave(guard, self);
    },
    "changes it, and stays a while"({ condition, mutex }, self) {
      const guard = mutex.lockSync();
      enter(guard, self);
      self.notes[CHANGES] = 1;
      condition.notifyAll();
      for (let step = 0; step < 40; step++) self.pass();
      leave(guard, self);
    },
    async "changes it, and notifies behind"({ condition, mutex }, self) {
      const guard = await mutex.lock();
      enter(guard, self);
      self.notes[CHANGES] = 1;
      leave(guard, self);
      condition.notifyAll();
    },
  },
  judge({ mutex }, self) {
    if (self.asleep.length > 0) self.fail(`${self.asleep} wait for ever`);
    const guard = mutex.tryLock();
    if (guard === undefined) self.fail("the mutex is held at the end");
  },
};
