// kill -9 of the writer of a latest value at random moments: readers always get a value that was written whole.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, mainRuntimes, Random, runtimes } from "../support/mod.ts";
import { VALUE_FAULTS, type ValueFault } from "./latest_value_ledger.ts";
import { ValueSupervisor } from "./latest_value_supervisor.ts";

const KILLS = 40;
const { seed } = new Random();

describe(`killed writers of a latest value (seed ${seed})`, () => {
  after(cleanUp);

  it(`${KILLS} kills: nothing torn, lost or told twice, and every reader sees the last value`, async (t) => {
    const readers = mainRuntimes.filter(({ name }) => name !== "node22");
    const report = await new ValueSupervisor({ kills: KILLS, seed, runtimes, readers, size: 2, spares: 1 }).run();
    t.diagnostic(JSON.stringify(report));
    const none = Object.fromEntries(VALUE_FAULTS.map((fault) => [fault, 0])) as Record<ValueFault, number>;
    assert.deepEqual(report.faults, none, JSON.stringify(report));
    assert.ok(report.takeovers > KILLS && report.published > KILLS);
    for (const { reads, sawTheLast } of report.readers) assert.ok(reads > 0 && sawTheLast, JSON.stringify(report));
  });
});
