// loadOrdered: optimised code loads anew each time, and in the order of the program, in every engine.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import { cleanUp, mainRuntimes, patiently, sleep, spawnPeer, uniqueName } from "../support/mod.ts";

const peer = new URL("./peer_ordered_load.ts", import.meta.url);
/** Two words that are always stored in this order, in cache lines of their own. */
const FIRST = 0;
const SECOND = 16;
/** Where the reader says that it has seen enough. */
const ENOUGH = 32;

for (const runtime of mainRuntimes) {
  describe(`an ordered load in ${runtime.name}`, () => {
    after(cleanUp);

    it("ends a loop that does nothing else when another process stores", async () => {
      const memory = SharedMemory.create(uniqueName(`loop-${runtime.name}`), { size: 4096, unlinkOnClose: true });
      const reader = spawnPeer(runtime, peer, ["loop", memory.name as string]);
      assert.equal(await reader.line(), "looping");
      await sleep(300); // the loop is optimised by now
      new Int32Array(memory.buffer)[FIRST] = 1;
      const { stdout } = await reader.ended;
      assert.match(stdout, /seen/);
      memory.close();
    });

    it("is never older than one before it, nor kept from it", async () => {
      const memory = SharedMemory.create(uniqueName(`order-${runtime.name}`), { size: 4096, unlinkOnClose: true });
      const reader = spawnPeer(runtime, peer, ["order", memory.name as string, FIRST, SECOND, ENOUGH]);
      assert.equal(await reader.line(), "looping");
      const words = new Int32Array(memory.buffer);
      // On a busy machine the two may rarely run at the same time.
      for (const end = performance.now() + patiently(40_000); words[ENOUGH] === 0 && performance.now() < end; ) {
        for (let turn = 0; turn < 10_000; turn++) {
          words[FIRST]++;
          words[SECOND]++;
        }
      }
      words[SECOND] = -1;
      const { disordered, advanced, rounds } = JSON.parse((await reader.ended).stdout.split("\n")[1] ?? "{}");
      assert.equal(disordered, 0, `in ${rounds} rounds`);
      assert.ok(advanced > 10, `two loads of one word differed ${advanced} times in ${rounds} rounds`);
      memory.close();
    });
  });
}
