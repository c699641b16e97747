// How long a side rests after a vain look (D17b): long at the heels of a stream, in batches or not, short anywhere else.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Rests } from "../../src/ring/spsc/rests.ts";
import { TURNS_PER_REST } from "../../src/wait/spin.ts";

const LONGEST = 10_000;
const CAPACITY = 1 << 20;

/** Rests while a producer puts `bytes` into the ring after each `turns` turns, for so many looks: all rests. */
function follow(rests: Rests, bytes: number, turns: number, looks: number, from = 0): number[] {
  let now = 0;
  return Array.from({ length: looks }, () => {
    const rest = rests.after((from + Math.floor(now / turns) * bytes) | 0);
    now += rest;
    return rest;
  });
}

describe("rests", () => {
  it("grow to the longest behind a stream of single messages", () => {
    assert.equal(follow(new Rests(CAPACITY), 40, 8, 100).at(-1), LONGEST);
  });

  it("grow behind a stream of batches, though most looks at first find nothing", () => {
    for (const [bytes, turns] of [
      [2560, 400],
      [2560, 1500],
      [2560, 3000],
      [10_240, 4000],
    ] as const) {
      const rest = follow(new Rests(CAPACITY), bytes, turns, 2000).at(-1) ?? 0;
      assert.ok(rest >= turns / 2, `${bytes} bytes in ${turns} turns: ${rest}`);
    }
  });

  it("stay short where each message waits for an answer", () => {
    for (const turns of [200, 1000, 100_000]) {
      const most = Math.max(...follow(new Rests(CAPACITY), 40, turns, 10_000));
      assert.ok(most <= 2 * TURNS_PER_REST, `a message in ${turns} turns: ${most}`);
    }
  });

  it("are short again at the first look that finds a stream at its end", () => {
    const rests = new Rests(CAPACITY);
    assert.equal(follow(rests, 40, 8, 100).at(-1), LONGEST);
    rests.after(2 ** 24); // the last messages, found when they were all there
    assert.equal(rests.after(2 ** 24), TURNS_PER_REST);
  });

  it("are an eighth of a small ring at most", () => {
    assert.equal(follow(new Rests(4096), 40, 8, 100).at(-1), 512);
  });

  it("count positions modulo 2 ** 32", () => {
    assert.equal(follow(new Rests(CAPACITY), 40, 8, 100, 2 ** 31 - 2000).at(-1), LONGEST);
  });
});
