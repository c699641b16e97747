// Locks and all that heals: a process is killed before and behind each of its stores, and the others go on.
//
// The classes themselves, in real processes that are killed: what a victim of each runtime leaves behind is judged by this
// test's own. C as a survivor: tests/cross/kill_points.test.ts.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cleanUp, mainRuntimes } from "../support/mod.ts";
import { scenes } from "./kill_points/all.ts";
import { checkPlayed, countStops, play } from "./kill_points/play.ts";

describe("who is killed before and behind each store", () => {
  let counted: readonly (readonly string[])[] = [];
  after(cleanUp);

  before(async () => {
    counted = await countStops();
  });

  it("stops at every store of each operation", () => {
    for (const [number, { title }] of scenes.entries()) assert.ok((counted[number]?.length ?? 0) >= 2, title);
  });

  for (const [index, victim] of mainRuntimes.entries()) {
    const first = mainRuntimes[(index + 1) % mainRuntimes.length] as typeof victim;
    it(`in ${victim.name}, behind one that died in ${first.name}, leaves nothing stuck and is told once`, async () => {
      checkPlayed(await play({ victim, first, counts: counted.map(({ length }) => length) }), counted);
    });
  }
});
