// Thousands of pending waits use no processor and do not delay the event loop; all of them end.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, least, ownRuntime } from "../support/mod.ts";
import { runPending } from "./pending.ts";

/** What they may add to the event loop's delay, and to the processor time that an idle process uses. */
const DELAY_MOST_MS = 2;
const STALLED_MOST_PERCENT = 4;
/** So long that what stalls the loop once a second is in each measurement. */
const MEASURE_MS = 1500;
const CPU_MOST_PERCENT = 5;

describe("ten thousand pending waits", () => {
  after(cleanUp);

  it("of futexes, events and mutexes cost nothing while nothing happens, and all end", {
    timeout: 180_000,
  }, async () => {
    const tries: string[] = [];
    const share = await least(1, async () => {
      const { idle, pending, left, threads, endMs } = await runPending(ownRuntime, 10_000, MEASURE_MS);
      tries.push(JSON.stringify({ idle, pending, threads, endMs }));
      assert.equal(left, 10_000);
      assert.ok(endMs < 20_000, tries.join("\n"));
      return Math.max(
        (pending.p50 - idle.p50) / DELAY_MOST_MS,
        (pending.stalledPercent - idle.stalledPercent) / STALLED_MOST_PERCENT,
        (pending.cpuPercent - idle.cpuPercent) / CPU_MOST_PERCENT,
      );
    });
    assert.ok(share < 1, tries.join("\n"));
  });
});
