// kill -9 of either side at random moments: the survivor is told, the restarted side goes on, nothing is lost.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, Random, runtimes } from "../support/mod.ts";
import { Supervisor } from "./ring_supervisor.ts";

const KILLS = 40;
const { seed } = new Random();

describe(`killed sides (seed ${seed})`, () => {
  after(cleanUp);

  it(`${KILLS} kills: nothing lost, reordered or torn`, async (t) => {
    const report = await new Supervisor({ kills: KILLS, seed, runtimes }).run();
    t.diagnostic(JSON.stringify(report));
    const { duplicates: _, ...faults } = report.faults;
    for (const [fault, count] of Object.entries(faults)) assert.equal(count, 0, `${fault}: ${JSON.stringify(report)}`);
    assert.equal(report.messages, report.total);
    assert.equal(report.ended, true);
    assert.equal(report.toldTwice, 0);
    assert.ok(report.messages > 0 && report.noticed > 0);
  });
});
