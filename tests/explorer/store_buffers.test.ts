// Explorer: users side by side, whose stores the others see late, as on x86-64: the library publishes by plain stores, and
// leaves the fence to who sleeps (membarrier(2)).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { casts, leavers } from "./stage/casts.ts";
import { exploreCast, Season, sampleCast } from "./stage/plays.ts";
import { STORES_MOST } from "./stage/store_buffers.ts";

describe("store buffers", () => {
  for (const kept of [1, STORES_MOST]) {
    describe(`of ${kept}`, () => {
      const season = new Season();
      season.testEach(casts, (troupe, cast) => {
        troupe.rules = { kept, hasBarriers: true };
        exploreCast(troupe, cast);
      });
      season.testEach(leavers, (troupe, cast) => {
        troupe.rules = { kept, hasBarriers: true };
        sampleCast(troupe, cast);
      });
    });
  }
});

/** What the barrier is for, and that these plays would find its lack. */
describe("store buffers, without barriers", () => {
  const season = new Season();
  for (const [scene, ...lives] of [
    ["mutex scene", "blocks twice", "awaits twice"],
    ["ring scene", "sends, blocking", "receives, awaiting"],
  ] as const) {
    it(`leave somebody asleep: ${scene}`, async () => {
      await season.play(scene, lives, (troupe) => {
        troupe.rules = { kept: STORES_MOST, hasBarriers: false };
        assert.throws(() => exploreCast(troupe, { lives, mayDie: false, stride: 1 }), /wait for ever/);
      });
    });
  }
});
