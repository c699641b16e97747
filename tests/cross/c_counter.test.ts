// A counter under each lock that C shares with the runtimes: exact sums, readers that see no half change, whole phases.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cleanUp, runtimeNamed } from "../support/mod.ts";
import { type CounterKind, Counters, counterKinds } from "./counter.ts";

const names = ["bun", "deno", "node26", "C", "C"];
const processes = names.map((name) => (name === "C" ? "C" : runtimeNamed(name)));
/** A barrier makes all of them sleep twice in each round. */
const roundsOf = (kind: CounterKind) => (kind === "Barrier" ? 300 : 10_000);

describe(`a counter of ${names.join(", ")}`, () => {
  let counters: Counters;
  before(() => {
    counters = new Counters(processes);
  });
  after(cleanUp);

  for (const kind of counterKinds.filter((one) => one !== "Mutex")) {
    it(`under ${kind} is exact`, async (t) => {
      const rounds = roundsOf(kind);
      const { total, handOffs, faults, milliseconds } = await counters.count(kind, rounds, 60_000);
      t.diagnostic(`${total} in ${milliseconds} ms, ${handOffs} hand-offs`);
      assert.deepEqual([total, faults], [names.length * rounds, 0]);
    });
  }

  it("under Barrier begins with the phase that all have joined, each time", async () => {
    for (let start = 0; start < 50; start++) {
      const { total, faults } = await counters.count("Barrier", 3, 60_000);
      assert.deepEqual([total, faults], [names.length * 3, 0]);
    }
  });
});
