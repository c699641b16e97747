// Turns of the event loop: when one comes, who waits for it, and that nobody who was refused meanwhile is forgotten.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Turns } from "../../src/ring/spsc/turns.ts";

const ANSWERS = 256;

function makeTurns() {
  const renewals = { count: 0 };
  return { renewals, turns: new Turns(() => renewals.count++) };
}

/** What so many answers in a row come to, in the order in which they settle; the timer is first where there is a turn. */
async function settledBy(turns: Turns, count: number): Promise<(number | string)[]> {
  const settled: (number | string)[] = [];
  setImmediate(() => settled.push("turn"));
  const answers = Array.from({ length: count }, (_, number) => turns.answer(number).then((it) => settled.push(it)));
  await Promise.all(answers);
  return settled;
}

describe("turns", () => {
  it("come before each 256th answer, and the answers stay in order", async () => {
    const { turns } = makeTurns();
    for (let round = 0; round < 3; round++) {
      const settled = await settledBy(turns, ANSWERS + 2);
      const before = Array.from({ length: ANSWERS - 1 }, (_, number) => number);
      assert.deepEqual(settled, [...before, "turn", ANSWERS - 1, ANSWERS, ANSWERS + 1]);
    }
  });

  it("are not needed where it was waited for what only the event loop brings", async () => {
    const { turns } = makeTurns();
    for (let round = 0; round < 5; round++) {
      assert.ok(!(await settledBy(turns, ANSWERS / 2)).includes("turn"));
      turns.comesAnyway();
    }
  });

  it("refuse attempts until they have come, and have those look again, once", async () => {
    const { turns, renewals } = makeTurns();
    for (const isRefused of [true, false, true]) {
      const before = renewals.count;
      assert.equal(turns.refuses(), false);
      for (let number = 0; number < ANSWERS - 1; number++) turns.beforeWait();
      assert.equal(turns.refuses(), false);
      const answer = turns.answer("after the turn");
      if (isRefused) assert.deepEqual([turns.refuses(), turns.refuses()], [true, true]);
      assert.equal(await answer, "after the turn");
      assert.deepEqual([renewals.count - before, turns.refuses()], [isRefused ? 1 : 0, false]);
    }
  });

  it("begin with a wait, too, whose first look may be an answer", async () => {
    const { turns, renewals } = makeTurns();
    for (let number = 0; number < ANSWERS; number++) {
      assert.equal(turns.refuses(), false);
      turns.beforeWait();
    }
    assert.equal(turns.refuses(), true);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([turns.refuses(), renewals.count], [false, 1]);
  });
});
