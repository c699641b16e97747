// Thousands of pending waits use no processor and do not delay the event loop; all of them end.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, ownRuntime } from "../support/mod.ts";
import { runPending } from "./pending.ts";

describe("ten thousand pending waits", () => {
  after(cleanUp);

  it("of futexes, events and mutexes cost nothing while nothing happens, and all end", {
    timeout: 90_000,
  }, async () => {
    const { idle, pending, left, threads, endMs } = await runPending(ownRuntime, 10_000, 700);
    const figures = JSON.stringify({ idle, pending, threads, endMs });
    assert.equal(left, 10_000);
    assert.ok(pending.p50 < idle.p50 + 2, figures);
    assert.ok(pending.cpuPercent < idle.cpuPercent + 10, figures);
    assert.ok(endMs < 20_000, figures);
  });
});
