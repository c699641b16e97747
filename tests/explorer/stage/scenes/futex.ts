// Two futex words: a wake-up that the kernel has counted ends somebody's wait, if anybody sleeps on who slept then.

import type { Placement } from "../../../../src/memory/placement.ts";
import { Futex } from "../../../../src/wait/futex.ts";
import type { FutexResult } from "../../../../src/wait/mod.ts";
import { timeout, unlessAborted } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";

/**
 * For each word, how many were counted as woken, how many have heard of it, who waits there for as long as it takes, and
 * who slept at the last wake-up (a bit each).
 */
const [COUNTED, HEARD, WAITS, SLEPT] = [0, 2, 4, 6] as const;

class Words {
  readonly futexes: readonly [Futex, Futex];

  constructor({ memory, base }: Placement) {
    this.futexes = [Futex.over(memory, base), Futex.over(memory, base + 4)];
  }

  unref(): void {
    for (const futex of this.futexes) futex.unref();
  }

  close(): void {}
}

function note({ notes }: Self, where: number, count: number): void {
  notes[where] = (notes[where] as number) + count;
}

/** A wait on the word of that index. */
async function heard<T extends FutexResult | undefined>(
  index: number,
  self: Self,
  wait: T | Promise<T>,
): Promise<void> {
  const result = await wait;
  if (result === "ok") note(self, HEARD + index, 1);
  else if (result === "not-equal") self.fail("nobody has changed the word");
  else if (!self.isLate) self.fail(`${self.number} leaves, and its time is not up`);
}

function wake({ futexes }: Words, index: number, self: Self): void {
  self.notes[SLEPT + index] = self.asleep.reduce((bits, user) => bits | (1 << user), 0);
  note(self, COUNTED + index, (futexes[index] as Futex).wake(1));
}

/** Where wake-ups are missing, it is missed. */
function waiting(index: number, self: Self, wait: () => FutexResult | Promise<FutexResult>): Promise<void> {
  note(self, WAITS + index, 1 << self.number);
  return heard(index, self, wait());
}

export const scene: Scene<Words> = {
  make: (placement) => new Words(placement),
  lives: {
    "blocks at the first": ({ futexes: [first] }, self) => waiting(0, self, () => first.waitSync(0)),
    "awaits the first": ({ futexes: [first] }, self) => waiting(0, self, () => first.wait(0)),
    "awaits the second": ({ futexes: [, second] }, self) => waiting(1, self, () => second.wait(0)),
    "blocks with a timeout": ({ futexes: [first] }, self) => heard(0, self, first.waitSync(0, timeout)),
    "awaits with a timeout": ({ futexes: [first] }, self) => heard(0, self, first.wait(0, timeout)),
    "awaits with a signal": ({ futexes: [first] }, self) =>
      heard(
        0,
        self,
        unlessAborted((options) => first.wait(0, options)),
      ),
    async "awaits both with a signal"({ futexes: [first, second] }, self) {
      const waits = [
        [first, 0],
        [second, 0],
      ] as const;
      const answer = await unlessAborted((options) => Futex.waitAny(waits, options));
      await heard(answer?.index ?? 0, self, answer?.result);
    },
    "wakes the first": (words, self) => wake(words, 0, self),
    "wakes both"(words, self) {
      wake(words, 0, self);
      wake(words, 1, self);
    },
  },
  judge(_, { notes, asleep, fail }) {
    for (const index of [0, 1]) {
      const waited = (notes[WAITS + index] as number) & (notes[SLEPT + index] as number);
      const left = asleep.filter((user) => (waited & (1 << user)) !== 0);
      const [counted, heard] = [notes[COUNTED + index] as number, notes[HEARD + index] as number];
      if (heard < counted && left.length > 0) fail(`${left} sleep, and ${counted} were woken, of whom ${heard} know`);
      if (heard > counted) fail(`${heard} were woken, of ${counted}`);
    }
  },
};
