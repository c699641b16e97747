// The ring between real processes: nine pairs of runtimes, and every backend in one pair at least.

import { after, describe, it } from "node:test";
import { cleanUp, Random, runtimeNamed } from "../support/mod.ts";
import { assertWhole, ninePairs, type PairOptions, runPair } from "./ring_pairs.ts";

const MESSAGES = 20_000;
const { seed } = new Random();

function pair(producer: string, consumer: string, options: Partial<PairOptions> = {}, messages = MESSAGES): void {
  it(`${producer} to ${consumer}`, async () => {
    const result = await runPair(runtimeNamed(producer), runtimeNamed(consumer), { messages, seed, ...options });
    assertWhole(result, messages);
  });
}

describe(`ring between processes (seed ${seed})`, () => {
  after(cleanUp);

  describe("nine pairs: none lost, reordered or torn", () => {
    for (const [producer, consumer] of ninePairs) pair(producer.name, consumer.name);
  });

  describe("every backend", () => {
    pair("node22", "koffi");
    pair("koffi", "node-ffi");
    pair("node-ffi", "node22-koffi");
    pair("node22-koffi", "node22");
  });

  describe("without spinning: each wait sleeps", () => {
    pair("bun", "deno", { spinMs: 0 });
    pair("deno", "node26", { spinMs: 0 });
    pair("node26", "bun", { spinMs: 0 });
  });

  describe("the smallest ring, full and empty all the time", () => {
    pair("bun", "node26", { capacity: 64 }, 5_000);
    pair("node26", "deno", { capacity: 64 }, 5_000);
    pair("deno", "bun", { capacity: 64 }, 5_000);
  });
});
