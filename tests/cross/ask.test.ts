// The two programs of examples/ask, in every pair of runtimes: each question is answered, and both end.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import {
  cleanUp,
  objectExists,
  objectPath,
  type Peer,
  type Runtime,
  runtimeNamed,
  spawnPeer,
  uniqueName,
  until,
  within,
} from "../support/mod.ts";

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

/** Until the number stands in one of the two rings. */
function passes(name: string, part: "questions" | "answers", number: number): Promise<number> {
  const isThere = () =>
    objectExists(`${name}-${part}`) &&
    readFileSync(objectPath(`${name}-${part}`)).includes(new Uint8Array(new Float64Array([number]).buffer));
  return until(isThere, `${number} among the ${part}`, TIMEOUT_MS);
}

async function interrupt(...peers: Peer[]): Promise<void> {
  for (const peer of peers) peer.kill("SIGINT");
  await within(Promise.all(peers.map(({ ended }) => ended)), TIMEOUT_MS, "they end");
}

const tellsOfDeath = (peer: Peer) =>
  until(() => /^The other one \(process \d+\) has died\./m.test(peer.stderr), "it tells", TIMEOUT_MS);

/** Each of them is interrupted, before the other one comes and while it works. Those who come next bring it to an end. */
async function askThroughDeaths(from: Runtime, to: Runtime): Promise<void> {
  const name = uniqueName("ask-deaths");
  const startAsker = (count: number) => spawnPeer(from, asker, [name, count]);
  const startAnswerer = () => spawnPeer(to, answerer, [name]);

  const first = startAsker(50_000);
  await passes(name, "questions", -1);
  await interrupt(first);
  const second = startAnswerer();
  await tellsOfDeath(second);

  const third = startAsker(1e9);
  await passes(name, "answers", 50);
  await interrupt(third, second);

  const fourth = startAsker(50_000);
  await tellsOfDeath(fourth);
  const fifth = startAnswerer();
  await passes(name, "answers", 500 ** 2);
  await interrupt(fifth);
  const sixth = startAnswerer();
  const ends = await within(Promise.all([fourth.ended, sixth.ended]), TIMEOUT_MS, "both end");
  for (const { code, stderr } of ends) assert.equal(code, 0, stderr);
  assert.match(ends[0]?.stdout ?? "", /^50000 answers, /);
  assert.equal(fourth.stderr.split("has died").length, 3, fourth.stderr); // of the second one and of the fifth
  for (const part of ["questions", "answers"]) assert.equal(objectExists(`${name}-${part}`), false);
}

describe("questions and answers", () => {
  after(cleanUp);

  for (const from of runtimes) {
    for (const to of runtimes) it(`${from.name} asks ${to.name}`, () => ask(from, to));
  }
  for (const [from, to] of [
    ["bun", "deno"],
    ["deno", "node26"],
    ["node26", "bun"],
  ] as const) {
    it(`go on from ${from} to ${to} when either is killed`, () =>
      askThroughDeaths(runtimeNamed(from), runtimeNamed(to)));
  }

  it("refuse a number of questions that is none, before they make anything", async () => {
    const name = uniqueName("ask-none");
    for (const count of ["0", "-1", "1.5", "many", ""]) {
      const { code, stdout, stderr } = await spawnPeer(runtimeNamed("node26"), asker, [name, count]).ended;
      const message = `How many questions must be a whole number from 1 on, not "${count}".\n`;
      assert.deepEqual([code, stdout, stderr], [2, "", message]);
      assert.equal(objectExists(`${name}-questions`), false);
    }
  });
});
