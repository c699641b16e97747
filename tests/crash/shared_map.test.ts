// kill -9 of writers of a shared map at random moments: every value is whole, and the others go on.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, mainRuntimes, Random, runtimes } from "../support/mod.ts";
import { MAP_FAULTS, type MapFault } from "./shared_map_ledger.ts";
import { MapSupervisor } from "./shared_map_supervisor.ts";

const KILLS = 30;
const { seed } = new Random();

describe(`killed writers of a shared map (seed ${seed})`, () => {
  after(cleanUp);

  it(`${KILLS} kills: nothing torn or missing, no increment lost, all room still there`, async (t) => {
    const readers = mainRuntimes.slice(0, 2);
    const report = await new MapSupervisor({ kills: KILLS, seed, runtimes, readers, size: 2, spares: 2 }).run();
    t.diagnostic(JSON.stringify(report));
    const none = Object.fromEntries(MAP_FAULTS.map((fault) => [fault, 0])) as Record<MapFault, number>;
    assert.deepEqual(report.faults, none, JSON.stringify(report));
    assert.equal(report.isWhole, true, JSON.stringify(report));
    assert.ok(report.writes > KILLS && report.reads > KILLS, JSON.stringify(report));
  });
});
