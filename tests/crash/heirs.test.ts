// Two processes have awaited the death of one holder; only one of them awaits the death of the next one in its slot.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Mutex } from "../../mod.ts";
import { cleanUp, mainRuntimes, type Runtime, sleep, spawnPeer, uniqueName } from "../support/mod.ts";

const program = new URL("./peer_heir.ts", import.meta.url);
/** Who is not told waits for ever; the rest is for slow machines. */
const NOTICE_MS = 10_000;
const SETTLE_MS = 150;

/** The kernel wakes one waiter of a dead thread's word. It must not be the one who has lost interest. */
async function killTwoHolders(runtime: Runtime): Promise<void> {
  const name = uniqueName("heirs");
  const mutex = Mutex.create(name, { unlinkOnClose: true });
  const start = (way: string) => spawnPeer(runtime, program, [way, name]);
  const hold = async () => {
    const holder = start("hold");
    await holder.lineOf("held");
    return holder;
  };
  const [once, twice] = [start("await"), start("await")];
  try {
    const first = await hold();
    for (const heir of [once, twice]) heir.write("lock");
    await sleep(2 * SETTLE_MS);
    first.kill();
    const told = await Promise.all([once.line(NOTICE_MS), twice.line(NOTICE_MS)]);
    assert.deepEqual(told.sort(), ["0", String(first.pid)].sort());
    const second = await hold(); // in the slot of the first
    twice.write("lock");
    await sleep(SETTLE_MS);
    second.kill();
    assert.equal(await twice.line(NOTICE_MS), String(second.pid));
  } finally {
    for (const peer of [once, twice]) peer.kill();
    mutex.close();
  }
}

describe("a death that only one of two former waiters awaits", () => {
  after(cleanUp);

  for (const runtime of mainRuntimes) {
    it(`is told in ${runtime.name}, each time`, async () => {
      for (let round = 0; round < 2; round++) await killTwoHolders(runtime);
    });
  }
});
