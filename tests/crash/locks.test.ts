// kill -9 of lock holders at random instants: never stuck, never two owners, each death in possession told once.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, mainRuntimes, Random } from "../support/mod.ts";
import { LOCK_FAULTS, type LockFault } from "./lock_ledger.ts";
import { LockSupervisor } from "./lock_supervisor.ts";

const KILLS = 40;
const { seed } = new Random();

describe(`killed lock holders (seed ${seed})`, () => {
  after(cleanUp);

  it(`${KILLS} kills: never stuck, never two owners, told once`, async (t) => {
    const report = await new LockSupervisor({
      kills: KILLS,
      seed,
      runtimes: mainRuntimes,
      size: 6,
      spares: 2,
      percentC: 20,
    }).run();
    t.diagnostic(JSON.stringify(report));
    const none = Object.fromEntries(LOCK_FAULTS.map((fault) => [fault, 0])) as Record<LockFault, number>;
    assert.deepEqual(report.faults, none, JSON.stringify(report));
    assert.ok(report.kills >= KILLS && report.turns > 0);
  });
});
