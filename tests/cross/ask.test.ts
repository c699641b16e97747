// The two programs of examples/ask, in every pair of runtimes: each question is answered, and both end.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, objectExists, type Runtime, runtimeNamed, spawnPeer, uniqueName, within } from "../support/mod.ts";

const asker = new URL("../../examples/ask/ask.ts", import.meta.url);
const answerer = new URL("../../examples/ask/answer.ts", import.meta.url);
const TIMEOUT_MS = 60_000;
const runtimes = ["bun", "deno", "node26"].map(runtimeNamed);

async function ask(from: Runtime, to: Runtime): Promise<void> {
  const name = uniqueName("ask");
  const both = [spawnPeer(from, asker, [name, "3000"]), spawnPeer(to, answerer, [name])];
  const ends = await within(Promise.all(both.map(({ ended }) => ended)), TIMEOUT_MS, "both end");
  for (const { code, stderr } of ends) assert.deepEqual([code, stderr], [0, ""]);
  assert.match(ends[0]?.stdout ?? "", /^3000 answers, half of them within [\d.]+ us, 99 % within \d+ us\n$/);
  for (const part of ["questions", "answers"]) assert.equal(objectExists(`${name}-${part}`), false);
}

describe("questions and answers", () => {
  after(cleanUp);

  for (const from of runtimes) {
    for (const to of runtimes) it(`${from.name} asks ${to.name}`, () => ask(from, to));
  }
});
