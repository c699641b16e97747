// Locks and all that heals: a process is killed before and behind each of its stores, and the others go on.
//
// The classes themselves, in real processes that are killed: what a victim of each runtime leaves behind is judged by this
// test's own.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { cleanUp, mainRuntimes, ownRuntime } from "../support/mod.ts";
import { scenes } from "./kill_points/all.ts";
import { type Played, play } from "./kill_points/play.ts";

const isAnother = (outcome: string, index: number, all: readonly string[]) => outcome !== all[index - 1];

function check({ stops, holding, outcomes, missed }: Played, counted: readonly (readonly string[])[]): void {
  assert.deepEqual(missed, []);
  scenes.forEach(({ title, outcomes: expected, whileHolding }, number) => {
    const found = outcomes[number] as readonly string[];
    assert.deepEqual(stops[number], counted[number], `${title}: the stops are the same everywhere`);
    assert.deepEqual(found.filter(isAnother), expected, `${title}: ${found}`);
    assert.equal(found[holding[number] as number], whileHolding, `${title}: killed while it holds`);
  });
}

describe("who is killed before and behind each store", () => {
  let counted: readonly (readonly string[])[] = [];
  after(cleanUp);

  before(async () => {
    counted = (
      await play(
        ownRuntime,
        ownRuntime,
        scenes.map(() => 0),
      )
    ).stops;
  });

  it("stops at every store of each operation", () => {
    for (const [number, { title }] of scenes.entries()) assert.ok((counted[number]?.length ?? 0) >= 2, title);
  });

  mainRuntimes.forEach((victim, index) => {
    const first = mainRuntimes[(index + 1) % mainRuntimes.length] as typeof victim;
    it(`in ${victim.name}, behind one that died in ${first.name}, leaves nothing stuck and is told once`, async () => {
      check(
        await play(
          victim,
          first,
          counted.map(({ length }) => length),
        ),
        counted,
      );
    });
  });
});
