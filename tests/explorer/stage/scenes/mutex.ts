// A mutex: two are never inside, and who comes after a death inside is told of it, once.

import { Mutex, type MutexGuard } from "../../../../src/sync/mutex.ts";
import { inTime, timeout, unlessAborted, unlessClosed } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";

/** Who is inside, whose deaths have been told (a bit each), and whether somebody stays inside. */
const [INSIDE, TOLD, STAYS] = [0, 1, 2] as const;

/** What `recovered` of a guard says is checked. Who had the lock alone before is `before`. */
export function checkRecovered(recovered: { pid: number } | undefined, before: number, told: number, self: Self): void {
  const { notes, number, isDead, fail } = self;
  if (before !== 0 && recovered === undefined) fail(`${number} is not told of ${before}`);
  if (recovered === undefined) return;
  const { pid } = recovered;
  if (!isDead(pid)) fail(`${number} is told of ${pid}, who lives`);
  if (((notes[told] as number) & (1 << pid)) !== 0) fail(`the death of ${pid} is told twice`);
  notes[told] = (notes[told] as number) | (1 << pid);
}

export function enter(guard: MutexGuard, self: Self): void {
  const { notes, number } = self;
  const before = notes[INSIDE] as number;
  if (before !== 0 && !self.isDead(before)) self.fail(`${before} and ${number} are inside`);
  checkRecovered(guard.recovered, before, TOLD, self);
  guard.repaired();
  notes[INSIDE] = number;
  self.pass();
}

/** It gives the mutex back, or hands its guard to what does. */
export function noteOutside({ notes }: Self): void {
  notes[INSIDE] = 0;
}

export function leave(guard: MutexGuard, self: Self): void {
  noteOutside(self);
  guard.unlock();
}

function use(guard: MutexGuard | undefined, self: Self): void {
  if (guard === undefined) return;
  enter(guard, self);
  leave(guard, self);
}

export const scene: Scene<Mutex> = {
  make: (placement) => new Mutex(placement),
  lives: {
    tries: (mutex, self) => use(mutex.tryLock(), self),
    blocks: (mutex, self) => use(mutex.lockSync(), self),
    awaits: async (mutex, self) => use(await mutex.lock(), self),
    "blocks twice"(mutex, self) {
      use(mutex.lockSync(), self);
      use(mutex.lockSync(), self);
    },
    async "awaits twice"(mutex, self) {
      use(await mutex.lock(), self);
      use(await mutex.lock(), self);
    },
    "blocks with a timeout": (mutex, self) => use(inTime(mutex.lockSync(timeout), self), self),
    "awaits with a timeout": async (mutex, self) => use(inTime(await mutex.lock(timeout), self), self),
    "awaits with a signal": async (mutex, self) => use(await unlessAborted((options) => mutex.lock(options)), self),
    "awaits, and closes": async (mutex, self) => use(await unlessClosed(mutex, () => mutex.lock()), self),
    stays(mutex, self) {
      enter(mutex.lockSync(), self);
      self.notes[STAYS] = 1;
    },
    /** Both are one sleeper. */
    async "awaits behind one with a signal"(mutex, self) {
      const both = [unlessAborted((options) => mutex.lock(options)), mutex.lock()];
      await Promise.all(both.map(async (wait) => use(await wait, self)));
    },
  },
  judge(mutex, self) {
    if (self.asleep.length > 0) self.fail(`${self.asleep} wait for ever`);
    if (self.notes[STAYS] === 1) return;
    const guard = mutex.tryLock();
    if (guard === undefined) self.fail("it is held at the end");
    else enter(guard, self);
  },
};
