// A barrier of two parties: no phase ends before all living members have arrived at it, and nobody is left behind.

import { Barrier } from "../../../../src/sync/barrier.ts";
import { BARRIER_ARRIVED, BARRIER_MEMBERS } from "../../../../src/sync/layout.ts";
import { inTime, timeout, unlessAborted, unlessClosed } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";

const PARTIES = 2;
/** Who has left (a bit each), and from the other one on, for each phase, who has arrived at it. */
const LEFT = 0;
const ARRIVED = 8;
const users = [1, 2, 3, 4] as const;

function note({ notes, number }: Self, where: number): void {
  notes[where] = (notes[where] as number) | (1 << number);
}

/** `end`: the number of the phase that is over. */
function checkEnd(end: number, { notes, number, isDead, fail }: Self): void {
  const has = (where: number) => users.filter((user) => ((notes[where] as number) & (1 << user)) !== 0);
  const gone = users.filter((user) => isDead(user) || has(LEFT).includes(user));
  const arrived = has(ARRIVED + end);
  const missing =
    end === 1 ? [] : has(ARRIVED + end - 1).filter((user) => !arrived.includes(user) && !gone.includes(user));
  if (missing.length > 0) fail(`${number} is let through phase ${end}, which ${missing} has not arrived at`);
  const enough = end === 1 ? PARTIES - gone.length : 1;
  if (arrived.length < enough) fail(`${number} is let through the first phase, which ${arrived} have arrived at`);
}

function leave(barrier: Barrier, self: Self): void {
  note(self, LEFT);
  barrier.leave();
}

/** The members go from phase to phase together, so each knows at which it arrives. */
function arriving(barrier: Barrier, self: Self, phase: number) {
  note(self, ARRIVED + phase);
  return {
    blocking: () => checkEnd(barrier.arriveSync(), self),
    awaiting: async () => checkEnd(await barrier.arrive(), self),
    inTime: async (isBlocking: boolean) => {
      const end = isBlocking ? barrier.arriveSync(timeout) : await barrier.arrive(timeout);
      if (inTime(end, self) !== undefined) checkEnd(end as number, self);
      return end;
    },
    unlessAborted: async () => {
      const end = await unlessAborted((options) => barrier.arrive(options) as Promise<number>);
      if (end !== undefined) checkEnd(end, self);
      return end;
    },
  };
}

/** It has arrived all the same, and goes on to the next phase, or away. */
async function arriveAndLeave(barrier: Barrier, self: Self, end: Promise<number | undefined>): Promise<void> {
  if ((await end) === undefined) leave(barrier, self);
}

export const scene: Scene<Barrier> = {
  fill: (buffer, base) => Barrier.kind.fill?.({ parties: PARTIES }, buffer, base),
  perSlot: [BARRIER_MEMBERS, BARRIER_ARRIVED],
  make: (placement) => new Barrier(placement),
  lives: {
    blocks(barrier, self) {
      barrier.join();
      arriving(barrier, self, 1).blocking();
    },
    async awaits(barrier, self) {
      barrier.join();
      await arriving(barrier, self, 1).awaiting();
    },
    "blocks twice"(barrier, self) {
      barrier.join();
      for (const phase of [1, 2]) arriving(barrier, self, phase).blocking();
    },
    async "awaits twice"(barrier, self) {
      barrier.join();
      for (const phase of [1, 2]) await arriving(barrier, self, phase).awaiting();
    },
    "blocks and leaves"(barrier, self) {
      barrier.join();
      arriving(barrier, self, 1).blocking();
      leave(barrier, self);
    },
    async "blocks with a timeout, and leaves"(barrier, self) {
      barrier.join();
      await arriveAndLeave(barrier, self, arriving(barrier, self, 1).inTime(true));
    },
    async "awaits with a timeout, and leaves"(barrier, self) {
      barrier.join();
      await arriveAndLeave(barrier, self, arriving(barrier, self, 1).inTime(false));
    },
    async "awaits, and closes"(barrier, self) {
      barrier.join();
      const end = await unlessClosed(barrier, () => {
        note(self, ARRIVED + 1);
        return barrier.arrive();
      });
      if (end === undefined) note(self, LEFT);
      else checkEnd(end, self);
    },
    async "blocks with a timeout"(barrier, self) {
      barrier.join();
      await arriving(barrier, self, 1).inTime(true);
    },
    async "awaits with a signal"(barrier, self) {
      barrier.join();
      await arriving(barrier, self, 1).unlessAborted();
    },
    async "awaits with a timeout"(barrier, self) {
      barrier.join();
      await arriving(barrier, self, 1).inTime(false);
    },
    "joins and leaves"(barrier, self) {
      barrier.join();
      self.pass();
      leave(barrier, self);
    },
  },
  judge(barrier, self) {
    // a party that died or left in the first phase is missed there, until somebody comes in its place
    if (users.some((user) => self.isDead(user)) || self.notes[LEFT] !== 0) {
      barrier.join();
      barrier.arriveSync({ timeoutMs: 0 });
    }
    if (self.asleep.length > 0) self.fail(`${self.asleep} wait for ever`);
  },
};
