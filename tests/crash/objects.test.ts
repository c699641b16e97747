// kill -9 of who uses locks, permits, barriers, conditions and events, at random instants: nobody stuck, nothing lost.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, mainRuntimes, Random } from "../support/mod.ts";
import { OBJECT_FAULTS, type ObjectFault } from "./objects/ledger.ts";
import { scenes } from "./objects/scenes.ts";
import { ObjectsSupervisor } from "./objects/supervisor.ts";

const KILLS_PER_SCENE = 3;
const KILLS = KILLS_PER_SCENE * scenes.length;
const { seed } = new Random();

describe(`killed users of objects (seed ${seed})`, () => {
  after(cleanUp);

  it(`${KILLS} kills in ${scenes.length} scenes: everybody else gets on, and nothing stays held`, async (t) => {
    const report = await new ObjectsSupervisor({
      kills: KILLS,
      killsPerScene: KILLS_PER_SCENE,
      seed,
      runtimes: mainRuntimes,
      size: 5,
      spares: 2,
    }).run();
    t.diagnostic(JSON.stringify(report));
    const none = Object.fromEntries(OBJECT_FAULTS.map((fault) => [fault, 0])) as Record<ObjectFault, number>;
    assert.deepEqual(report.faults, none, JSON.stringify(report));
    assert.ok(report.kills >= KILLS);
  });
});
