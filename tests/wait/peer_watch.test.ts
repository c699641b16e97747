// PeerWatch: one participant watched after the other, also where the engine refuses one between them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Participants, SharedMemory } from "../../mod.ts";
import { environment } from "../../src/runtime/environment.ts";
import { PeerWatch } from "../../src/wait/peer_watch.ts";
import { within } from "../support/mod.ts";

const ENOMEM = 12;
const ENOSPC = 28;

/** As where no thread, memory or place is left for another word. */
function whileRefused(number: number, body: () => void): void {
  const { calls } = environment();
  const { watch_add } = calls;
  Object.assign(calls, { watch_add: () => -number });
  try {
    body();
  } finally {
    Object.assign(calls, { watch_add });
  }
}

describe("a watch over participants", () => {
  it("that was refused one of them still tells of those before it", async () => {
    const memory = SharedMemory.anonymous({ size: 16384 });
    const [ours, first, second] = [1, 2, 3].map(() => Participants.over(memory, 0)) as [
      Participants,
      Participants,
      Participants,
    ];
    for (const participants of [ours, first, second]) participants.join();
    const watch = new PeerWatch(ours);
    assert.ok(watch.arm(first.owner, () => {}));
    whileRefused(ENOMEM, () => assert.throws(() => watch.arm(second.owner, () => {}), { code: "ENOMEM" }));
    const told = new Promise<void>((resolve) => assert.ok(watch.arm(first.owner, resolve)));
    first.close();
    await within(told, 5000, "the first one's death");
    watch.close();
    memory.close();
  });

  it("that finds no place for another word says what takes them", () => {
    const memory = SharedMemory.anonymous({ size: 16384 });
    const [ours, other] = [Participants.over(memory, 0), Participants.over(memory, 0)];
    for (const participants of [ours, other]) participants.join();
    const watch = new PeerWatch(ours);
    const full = /^Cannot await another word: ENOSPC, no space left \(this process watches 32512 words/;
    whileRefused(ENOSPC, () =>
      assert.throws(() => watch.arm(other.owner, () => {}), { code: "ENOSPC", message: full }),
    );
    watch.close();
    memory.close();
  });
});
