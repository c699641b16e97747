// Thousands of pending waits use no processor and do not delay the event loop; all of them end.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, ownRuntime } from "../support/mod.ts";
import { runPending } from "./pending.ts";

/** A busy machine or a collector that runs meanwhile can spoil a measurement; neither makes a good one of a bad one. */
const TRIES_MOST = 4;

describe("ten thousand pending waits", () => {
  after(cleanUp);

  it("of futexes, events and mutexes cost nothing while nothing happens, and all end", {
    timeout: 180_000,
  }, async () => {
    const tries: string[] = [];
    let isQuiet = false;
    while (!isQuiet && tries.length < TRIES_MOST) {
      const { idle, pending, left, threads, endMs } = await runPending(ownRuntime, 10_000, 700);
      const figures = JSON.stringify({ idle, pending, threads, endMs });
      assert.equal(left, 10_000);
      assert.ok(endMs < 20_000, figures);
      isQuiet = pending.p50 < idle.p50 + 2 && pending.cpuPercent < idle.cpuPercent + 10;
      tries.push(figures);
    }
    assert.ok(isQuiet, tries.join("\n"));
  });
});
