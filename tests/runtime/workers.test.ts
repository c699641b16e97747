// Workers: each has its own state in the shim, and its end frees what it held. Each scenario is a process of its own.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { cleanUp, ownObjects, ownRuntime, runPeer, temporaryDirectory, uniqueName } from "../support/mod.ts";

const endsNone = ownRuntime.name === "deno" && "Deno ends no Worker that runs or blocks";
const peer = new URL("./workers_peer.ts", import.meta.url);

async function play(scenario: string, name = uniqueName(scenario)): Promise<void> {
  const end = await runPeer(ownRuntime, peer, [scenario, name], { timeoutMs: 30_000 });
  assert.equal(end.signal, null, `ended by ${end.signal}\n${end.stdout}${end.stderr}`);
  assert.equal(end.stdout, "done\n", end.stderr);
  assert.equal(end.code, 0, end.stderr);
  assert.deepEqual(ownObjects(), []);
}

describe("Workers", () => {
  after(cleanUp);

  for (const [who, how] of [
    ["they and the main thread use", "together"],
    ["only they use", "alone"],
  ] as const) {
    it(`one after the other, where ${who} the library, end without a trace`, async () => {
      const end = await runPeer(ownRuntime, new URL("./successive_workers.ts", import.meta.url), [how]);
      assert.equal(end.signal, null, `ended by ${end.signal}\n${end.stdout}${end.stderr}`);
      assert.equal(end.code, 0, end.stderr);
      const { first, last } = JSON.parse(end.stdout);
      assert.equal(last.images, 1);
      // runtimes start some of their own; Workers that leave theirs behind make three more at least
      assert.ok(last.threads < first.threads + 3, `${last.threads} threads, ${first.threads} after the first Worker`);
    });
  }

  it("two of them use the shim at once, each with a scratch block of its own", () => play("scratch"));
  it("a ring works between a Worker and its parent, awaiting on both sides", () => play("echo"));
  it("one that is terminated while it awaits frees its role, and the process lives on", () =>
    play("terminateAwaiting"));
  it("one that is terminated and never awaited frees its role too", () => play("terminateHolding"));
  it("one that ends without closing frees its role", () => play("endHolding"));
  it("that end without closing leave no descriptor behind", () => play("descriptors"));
  it("nor do those that open futexes and plain locks by name", () => play("words"));
  it("nor do those that watch a process", () => play("peers"));
  it("one that blocks for good can be terminated", { skip: endsNone }, () => play("terminateBlocking"));
  it("one that is terminated while it lays an object leaves the place to others", { skip: endsNone }, () =>
    play("terminateLaying"),
  );
  it("one that is terminated while it makes a file longer leaves that to others", { skip: endsNone }, () =>
    play("terminateGrowing", join(temporaryDirectory(), "file")),
  );
  it("one that is terminated while it removes a name leaves that to others", { skip: endsNone }, () =>
    play("terminateRemoving"),
  );
});
