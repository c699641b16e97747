// An event: nobody sleeps while it is set, and one that resets itself lets one through for each time that it is set.

import { Event } from "../../../../src/sync/event.ts";
import { inTime, timeout, unlessAborted, unlessClosed } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";

/** How often it was set, and how many it has let through. */
const [SETS, PASSED] = [0, 1] as const;

function set(event: Event, { notes }: Self): void {
  notes[SETS] = (notes[SETS] as number) + 1; // before: who is let through compares
  event.set();
}

function makeScene(autoReset: boolean): Scene<Event> {
  const pass = (hasPassed: boolean, { notes, number, fail }: Self) => {
    if (!hasPassed) return fail(`${number} waits no longer, and was not let through`);
    notes[PASSED] = (notes[PASSED] as number) + 1;
    const limit = autoReset ? (notes[SETS] as number) : Number.POSITIVE_INFINITY;
    if ((notes[PASSED] as number) > limit || notes[SETS] === 0) fail(`${notes[PASSED]} pass, of ${notes[SETS]} sets`);
  };
  return {
    fill: (buffer, base) => Event.kind.fill?.({ autoReset }, buffer, base),
    make: (placement) => new Event(placement),
    lives: {
      blocks: (event, self) => pass(event.waitSync(), self),
      awaits: async (event, self) => pass(await event.wait(), self),
      tries: (event, self) => event.tryWait() && pass(true, self),
      "blocks with a timeout": (event, self) => inTime(event.waitSync(timeout), self) && pass(true, self),
      "awaits with a timeout": async (event, self) => inTime(await event.wait(timeout), self) && pass(true, self),
      "awaits with a signal": async (event, self) =>
        (await unlessAborted((options) => event.wait(options))) && pass(true, self),
      "awaits, and closes": async (event, self) => (await unlessClosed(event, () => event.wait())) && pass(true, self),
      /** Both are one sleeper. */
      async "awaits behind one with a signal"(event, self) {
        const first = unlessAborted((options) => event.wait(options)).then((passed) => passed && pass(true, self));
        await Promise.all([first, event.wait().then((passed) => pass(passed, self))]);
      },
      sets: (event, self) => set(event, self),
      "sets twice"(event, self) {
        set(event, self);
        set(event, self);
      },
    },
    judge(event, { notes, asleep, fail }) {
      if (event.isSet && asleep.length > 0) fail(`${asleep} sleep, and it is set`);
      const left = autoReset && event.isSet ? 1 : 0;
      // two sets may be one; the last one is not lost
      if (autoReset && (notes[PASSED] as number) + left === 0) fail("its only set was lost");
      if (!autoReset && !event.isSet) fail("it is not set at the end");
    },
  };
}

export const scene = makeScene(false);
export const autoReset = makeScene(true);
