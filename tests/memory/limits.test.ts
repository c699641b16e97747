// Limits of the process: descriptors, and memory that is forgotten.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, ownRuntime, runPeer, uniqueName } from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);

/** How each runtime lets a script ask for a garbage collection; Bun needs nothing. */
const parameters = { bun: [], deno: ["--v8-flags=--expose-gc"] }[ownRuntime.name] ?? ["--expose-gc"];

describe("limits", () => {
  after(cleanUp);

  it("a process without a free descriptor gets EMFILE, and goes on", async () => {
    const wrapper = ["sh", "-c", 'ulimit -n 200 && exec "$@"', "sh"];
    const { stdout, stderr } = await runPeer(ownRuntime, peer, ["exhaust", uniqueName("exhaust")], { wrapper });
    assert.match(stdout, /^EMFILE \d+\nworks again\n$/, stderr);
  });

  it("memory that is forgotten without close is reported, and only that", async () => {
    const name = uniqueName("forgotten");
    const { stdout, stderr } = await runPeer(ownRuntime, peer, ["forget", name], { parameters });
    assert.match(stdout, /^LinuxIpcLeakWarning .*forgotten was garbage collected without close\(\)/, stderr);
    assert.equal(stdout.split("\n").length, 2, stdout);
  });
});
