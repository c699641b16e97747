// Something that is done once: two are never at it, it is not done again, and whoever comes back finds it done.

import { setTimeout } from "node:timers";
import { Once } from "../../../../src/sync/once.ts";
import { inTime, timeout, unlessAborted, unlessClosed } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";

/** Who is at it, whether somebody was told that it is done, and how many were told that it ran there. */
const [AT_IT, IS_DONE, RUNS] = [0, 1, 2] as const;

function initialise(self: Self): void {
  const { notes, number, isDead, fail } = self;
  const other = notes[AT_IT] as number;
  if (other !== 0 && !isDead(other)) fail(`${other} and ${number} are at it`);
  if (notes[IS_DONE] === 1) fail(`${number} begins what is done`);
  notes[AT_IT] = number;
  self.pass();
  self.pass();
  notes[AT_IT] = 0;
}

function told(once: Once, hasRun: boolean, { notes, number, fail }: Self): void {
  if (!once.isDone) fail(`${number} comes back, and it is not done`);
  notes[IS_DONE] = 1;
  if (hasRun) notes[RUNS] = (notes[RUNS] as number) + 1;
  if ((notes[RUNS] as number) > 1) fail("it ran twice");
}

class Failure extends Error {}

export const scene: Scene<Once> = {
  make: (placement) => new Once(placement),
  lives: {
    blocks: (once, self) =>
      told(
        once,
        once.runSync(() => initialise(self)),
        self,
      ),
    awaits: async (once, self) => told(once, await once.run(() => initialise(self)), self),
    async "takes its time"(once, self) {
      const hasRun = await once.run(async () => {
        await Promise.resolve();
        initialise(self);
        await Promise.resolve();
      });
      told(once, hasRun, self);
    },
    "blocks with a timeout": (once, self) => {
      const hasRun = once.runSync(() => initialise(self), timeout);
      if (hasRun || inTime(once.isDone, self)) told(once, hasRun, self);
    },
    async "awaits with a timeout"(once, self) {
      const hasRun = await once.run(() => initialise(self), timeout);
      if (hasRun || inTime(once.isDone, self)) told(once, hasRun, self);
    },
    async "awaits with a signal"(once, self) {
      const hasRun = await unlessAborted((options) => once.run(() => initialise(self), options));
      if (hasRun !== undefined) told(once, hasRun, self);
    },
    /** The next one does it anew. */
    async "takes its time, and closes"(once, self) {
      const hasRun = await unlessClosed(once, () =>
        once.run(async () => {
          initialise(self);
          await new Promise<void>((resolve) => setTimeout(resolve, timeout.timeoutMs));
        }),
      );
      if (hasRun) self.fail(`${self.number} has done it, and it is closed`);
    },
    async "awaits, and closes"(once, self) {
      const hasRun = await unlessClosed(once, () => once.run(() => initialise(self)));
      if (hasRun !== undefined) told(once, hasRun, self);
    },
    fails(once, self) {
      try {
        once.runSync(() => {
          initialise(self);
          throw new Failure();
        });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
      }
    },
  },
  judge(once, self) {
    if (self.asleep.length > 0) self.fail(`${self.asleep} wait for ever`);
    told(
      once,
      once.runSync(() => initialise(self)),
      self,
    );
  },
};
