// A lock of one word, beside programs that lock as the textbooks do: two are never inside, and who leaves keeps no wake-up.

import type { Placement } from "../../../../src/memory/placement.ts";
import { FutexLock } from "../../../../src/sync/futex_lock.ts";
import type { PlainGuard } from "../../../../src/sync/plain_guard.ts";
import { Futex } from "../../../../src/wait/futex.ts";
import { inTime, timeout, unlessAborted } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";

/** Who is inside. */
const INSIDE = 0;
/** As C has the word. */
const [FREE, LOCKED, CONTENDED] = [0, 1, 2] as const;

class User {
  readonly lock: FutexLock;
  readonly word: Futex;
  /** Another word, which calls off a wait. */
  readonly call: Futex;

  constructor({ memory, base }: Placement) {
    this.lock = FutexLock.over(memory, base);
    this.word = Futex.over(memory, base);
    this.call = Futex.over(memory, base + 4);
  }

  unref(): void {
    this.lock.unref();
    this.call.unref();
  }

  close(): void {}
}

function beInside(self: Self): void {
  const { notes, number, fail } = self;
  if (notes[INSIDE] !== 0) fail(`${notes[INSIDE]} and ${number} are inside`);
  notes[INSIDE] = number;
  self.pass();
  notes[INSIDE] = 0;
}

/** It wakes one. */
function useAsC({ word }: User, self: Self): void {
  if (word.compareExchange(FREE, LOCKED) !== FREE) while (word.exchange(CONTENDED) !== FREE) word.waitSync(CONTENDED);
  beInside(self);
  if (word.exchange(FREE) === CONTENDED) word.wake(1);
}

function use(guard: PlainGuard | undefined, self: Self): void {
  if (guard === undefined) return;
  beInside(self);
  guard.unlock();
}

export const scene: Scene<User> = {
  make: (placement) => new User(placement),
  lives: {
    blocks: ({ lock }, self) => use(lock.lockSync(), self),
    awaits: async ({ lock }, self) => use(await lock.lock(), self),
    async "awaits twice"({ lock }, self) {
      for (let round = 0; round < 2; round++) use(await lock.lock(), self);
    },
    "is of C": useAsC,
    "is of C twice"(user, self) {
      useAsC(user, self);
      useAsC(user, self);
    },
    "is of C, and calls off"(user, self) {
      useAsC(user, self);
      user.call.store(1);
      user.call.wake();
    },
    /** Both wake-ups may come at once, the call first. */
    async "awaits with a call"({ lock, call }, self) {
      const controller = new AbortController();
      const reason = new Error("called off");
      call.wait(0).then(() => controller.abort(reason));
      const guard = await lock.lock({ signal: controller.signal }).catch((error) => {
        if (error !== reason) throw error;
      });
      use(guard ?? undefined, self);
    },
    "blocks with a timeout": ({ lock }, self) => use(inTime(lock.lockSync(timeout), self), self),
    "awaits with a timeout": async ({ lock }, self) => use(inTime(await lock.lock(timeout), self), self),
    "awaits with a signal": async ({ lock }, self) => use(await unlessAborted((options) => lock.lock(options)), self),
    async "awaits twice at once with a signal"({ lock }, self) {
      const both = [1, 2].map(() => unlessAborted((options) => lock.lock(options)));
      await Promise.all(both.map(async (wait) => use(await wait, self)));
    },
    /** Both are one sleeper. */
    async "awaits behind one with a signal"({ lock }, self) {
      const both = [unlessAborted((options) => lock.lock(options)), lock.lock()];
      await Promise.all(both.map(async (wait) => use(await wait, self)));
    },
  },
  judge({ lock }, self) {
    if (self.asleep.length > 0) self.fail(`${self.asleep} wait for ever`);
    if (lock.isLocked) self.fail("it is held at the end");
  },
};
