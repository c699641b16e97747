// As tests/sync/kill_points.test.ts, where nobody waits: who goes on is a C process.

import { after, before, describe, it } from "node:test";
import { cleanUp, mainRuntimes } from "../support/mod.ts";
import { scenes } from "../sync/kill_points/all.ts";
import { isJudgedInC } from "../sync/kill_points/c.ts";
import { checkPlayed, countStops, play } from "../sync/kill_points/play.ts";

describe("who is killed before and behind each store, for C", () => {
  let counted: readonly (readonly string[])[] = [];
  after(cleanUp);

  before(async () => {
    counted = await countStops();
  });

  for (const [index, victim] of mainRuntimes.entries()) {
    const first = mainRuntimes[(index + 2) % mainRuntimes.length] as typeof victim;
    it(`in ${victim.name}, behind one that died in ${first.name}, leaves nothing stuck and is told once`, async () => {
      const counts = scenes.map((scene, number) => (isJudgedInC(scene) ? (counted[number]?.length ?? 0) : -1));
      checkPlayed(await play({ victim, first, counts, inC: true }), counted);
    });
  }
});
