// The two programs of examples/c_peer: C waits for a mutex of TypeScript, dies with it, and TypeScript has it again.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { compilePeer } from "../support/c_peer.ts";
import { cleanUp, mainRuntimes, objectExists, runPeer, temporaryDirectory, uniqueName } from "../support/mod.ts";

const lines = [
  "TypeScript gives the mutex back",
  "C has the mutex, and is killed",
  "TypeScript has the mutex again: its holder died by SIGKILL",
  "",
];
const program = new URL("../../examples/c_peer/main.ts", import.meta.url);

describe("the example of a C peer", () => {
  after(cleanUp);

  for (const runtime of mainRuntimes) {
    it(`works with ${runtime.name}`, async () => {
      const name = uniqueName("c-peer");
      const peer = compilePeer("examples/c_peer/peer.c", { parameters: ["-std=c11"] });
      const { code, stdout, stderr } = await runPeer(runtime, program, [peer, name]);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.deepEqual(stdout.split("\n"), lines);
      assert.equal(objectExists(name), false);
    });

    it(`leaves nothing behind with ${runtime.name} where there is no such program`, async () => {
      const name = uniqueName("c-peer-none");
      const { code, stdout, stderr } = await runPeer(runtime, program, ["/nowhere/peer", name]);
      assert.deepEqual([code, stdout], [1, ""], stderr);
      assert.match(stderr, /ENOENT|not found/i);
      assert.equal(objectExists(name), false);
    });

    it(`goes on with ${runtime.name} where one before it was killed with the mutex`, async () => {
      const name = uniqueName("c-peer-killed");
      const killer = `${temporaryDirectory()}/killer.sh`;
      writeFileSync(killer, "#!/bin/sh\nkill -9 $PPID\n", { mode: 0o755 });
      assert.equal((await runPeer(runtime, program, [killer, name])).signal, "SIGKILL");
      assert.equal(objectExists(name), true);
      const peer = compilePeer("examples/c_peer/peer.c", { parameters: ["-std=c11"] });
      const { code, stdout, stderr } = await runPeer(runtime, program, [peer, name]);
      assert.deepEqual([code, stdout.split("\n"), stderr], [0, lines, ""]);
      assert.equal(objectExists(name), false);
    });
  }
});
