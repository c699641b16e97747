// A semaphore: never more permits are held than there are, none is lost, and nobody sleeps beside one.

import { Semaphore } from "../../../../src/sync/semaphore.ts";
import { inTime, timeout, unlessAborted, unlessClosed } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";

/** How many permits each user holds, from this one on. */
const HELD = 8;

function held({ notes, isDead }: Self): number {
  return [1, 2, 3, 4].reduce((sum, user) => sum + (isDead(user) ? 0 : (notes[HELD + user] as number)), 0);
}

function use(semaphore: Semaphore, isTaken: boolean, value: number, self: Self): void {
  if (!isTaken) return;
  self.notes[HELD + self.number] = 1;
  if (held(self) > value) self.fail(`${held(self)} permits of ${value} are held`);
  self.pass();
  self.notes[HELD + self.number] = 0;
  semaphore.release();
}

function makeScene(value: number, owned: boolean): Scene<Semaphore> {
  return {
    fill: (buffer, base) => Semaphore.kind.fill?.({ value, owned }, buffer, base),
    make: (placement) => new Semaphore(placement),
    lives: {
      tries: (semaphore, self) => use(semaphore, semaphore.tryAcquire(), value, self),
      blocks: (semaphore, self) => use(semaphore, semaphore.acquireSync(), value, self),
      awaits: async (semaphore, self) => use(semaphore, await semaphore.acquire(), value, self),
      "blocks with a timeout": (semaphore, self) =>
        use(semaphore, inTime(semaphore.acquireSync(timeout), self), value, self),
      "awaits with a timeout": async (semaphore, self) =>
        use(semaphore, inTime(await semaphore.acquire(timeout), self), value, self),
      "awaits with a signal": async (semaphore, self) => {
        const isTaken = await unlessAborted((options) => semaphore.acquire(options));
        use(semaphore, isTaken ?? false, value, self);
      },
      "awaits, and closes": async (semaphore, self) => {
        const isTaken = await unlessClosed(semaphore, () => semaphore.acquire());
        use(semaphore, isTaken ?? false, value, self);
      },
      /** Both are one sleeper. */
      async "awaits behind one with a signal"(semaphore, self) {
        const first = unlessAborted((options) => semaphore.acquire(options));
        const both = [first, semaphore.acquire()];
        await Promise.all(both.map(async (wait) => use(semaphore, (await wait) ?? false, value, self)));
      },
      async "awaits twice"(semaphore, self) {
        for (let round = 0; round < 2; round++) use(semaphore, await semaphore.acquire(), value, self);
      },
      "blocks twice"(semaphore, self) {
        for (let round = 0; round < 2; round++) use(semaphore, semaphore.acquireSync(), value, self);
      },
    },
    judge(semaphore, self) {
      if (self.asleep.length > 0) self.fail(`${self.asleep} wait for ever beside ${semaphore.value} permits`);
      if (semaphore.value !== value) self.fail(`${semaphore.value} permits of ${value} are left`);
    },
  };
}

export const scene = makeScene(1, false);
export const ofTwo = makeScene(2, false);
export const owned = makeScene(1, true);
export const ownedOfTwo = makeScene(2, true);
