// The two programs of examples/c_peer: C waits for a mutex of TypeScript, dies with it, and TypeScript has it again.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { compilePeer } from "../support/c_peer.ts";
import { cleanUp, mainRuntimes, objectExists, runPeer, uniqueName } from "../support/mod.ts";

const program = new URL("../../examples/c_peer/main.ts", import.meta.url);

describe("the example of a C peer", () => {
  after(cleanUp);

  for (const runtime of mainRuntimes) {
    it(`works with ${runtime.name}`, async () => {
      const name = uniqueName("c-peer");
      const peer = compilePeer("examples/c_peer/peer.c", { parameters: ["-std=c11"] });
      const { code, stdout, stderr } = await runPeer(runtime, program, [peer, name]);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(stdout.split("\n"), [
        "TypeScript gives the mutex back",
        "C has the mutex, and is killed",
        "TypeScript has the mutex again: its holder died by SIGKILL",
        "",
      ]);
      assert.equal(objectExists(name), false);
    });
  }
});
