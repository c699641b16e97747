// Backends: each loads in a real process, calls the same library, and is the one that was asked for.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, ownRuntime, runPeer, runtimes } from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);

const expected: Record<string, string> = {
  bun: "bun-ffi",
  deno: "deno-ffi",
  node22: "node-api",
  node26: "node-api",
  "node22-koffi": "koffi",
  koffi: "koffi",
  "node-ffi": "node-ffi",
};

describe("backends", () => {
  after(cleanUp);

  for (const runtime of runtimes) {
    it(`${runtime.name} loads ${expected[runtime.name]}, silently`, async () => {
      const end = await runPeer(runtime, peer, ["backend"]);
      assert.equal(end.code, 0, end.stderr);
      const said = JSON.parse(end.stdout);
      assert.equal(said.backend, expected[runtime.name]);
      assert.equal(said.pid, said.processPid);
      assert.equal(end.stderr, "");
    });
  }

  it("Node chooses Node-API when nothing is asked for", async () => {
    for (const value of [undefined, ""]) {
      const node = runtimes.find((runtime) => runtime.name === "node26") ?? ownRuntime;
      const end = await runPeer(node, peer, ["backend"], { environment: { LINUX_IPC_BACKEND: value } });
      assert.equal(JSON.parse(end.stdout).backend, "node-api", end.stderr);
    }
  });

  it("an unknown LINUX_IPC_BACKEND is refused with the names of the known ones, at the first call", async () => {
    const nodes = runtimes.filter(({ name }) => name.startsWith("node"));
    for (const value of ["ffi-napi", "constructor"]) {
      for (const runtime of nodes) {
        const end = await runPeer(runtime, peer, ["firstCall"], { environment: { LINUX_IPC_BACKEND: value } });
        const [first, second] = JSON.parse(end.stdout);
        assert.equal(first.name, "RangeError");
        assert.match(first.message, new RegExp(`LINUX_IPC_BACKEND is "${value}".*node-api.*koffi.*node-ffi`));
        assert.deepEqual(second, first);
      }
    }
  });

  it("Bun and Deno have one backend and ignore LINUX_IPC_BACKEND", async () => {
    for (const runtime of runtimes.slice(0, 2)) {
      const end = await runPeer(runtime, peer, ["firstCall"], { environment: { LINUX_IPC_BACKEND: "koffi" } });
      assert.equal(end.stdout.trim(), "[]", end.stderr);
    }
  });

  it("node:ffi is refused by a Node that has none, with a reason", async () => {
    const node22 = runtimes.find((runtime) => runtime.name === "node22") ?? ownRuntime;
    const end = await runPeer(node22, peer, ["firstCall"], { environment: { LINUX_IPC_BACKEND: "node-ffi" } });
    const [first] = JSON.parse(end.stdout);
    assert.match(first.message, /node:ffi|node-ffi/);
    assert.match(first.message, /26/);
  });
});
