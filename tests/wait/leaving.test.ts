// Waiter: a peer that leaves, and is killed before it wakes anybody, at the worst instant of an awaiting caller.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Participants, SharedMemory } from "../../mod.ts";
import { Waiter } from "../../src/wait/waiter.ts";
import { cleanUp, ownRuntime, spawnPeer, uniqueName, within } from "../support/mod.ts";

const program = new URL("./leaving_peer.ts", import.meta.url);

/** A memory with a table, and a process that is attached to it. */
async function attach(label: string) {
  const memory = SharedMemory.create(uniqueName(label), { size: 16_384, unlinkOnClose: true });
  const participants = Participants.over(memory, 0);
  participants.join();
  const peer = spawnPeer(ownRuntime, program, [memory.name as string]);
  const owner = Number(await peer.line());
  const close = () => {
    participants.close();
    memory.close();
  };
  return { memory, participants, peer, owner, close };
}

describe("a peer that leaves and is killed before it wakes anybody", () => {
  after(cleanUp);

  it("between the last look and the sleep ends the sleep all the same", async () => {
    const { memory, participants, peer, owner, close } = await attach("leaves");
    const own = Participants.byteSize();
    let hasLeft = false;
    const allPeers = () => (hasLeft ? [] : [owner]);
    const waiter = new Waiter({ memory, participants, own, peers: own, peer: () => 0, allPeers, spinMs: 0 });
    let looks = 0;
    const attempt = () => {
      if (hasLeft) return "it has left";
      if (++looks === 2) {
        peer.kill();
        while (!participants.isDead(owner));
        hasLeft = true; // it cleared its word, and was killed
      }
      return undefined;
    };
    assert.equal(await within(waiter.wait(attempt, undefined), 5000, "the sleep"), "it has left");
    assert.equal(looks, 2);
    waiter.close(new Error("over"));
    close();
  });
});
