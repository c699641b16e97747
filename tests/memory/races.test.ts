// Races for one name: exactly one creates, nobody sees half an object, a creator that is killed leaves nothing half-made.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import { cleanUp, objectPath, ownObjects, ownRuntime, Random, sleep, spawnPeer, uniqueName } from "../support/mod.ts";

/** In each row of the matrix. */
const ROUNDS = 5;
const peer = new URL("./peer.ts", import.meta.url);

describe("racing for one name", () => {
  after(cleanUp);

  it("in one process, each round has one winner", () => {
    const name = uniqueName("rounds");
    for (let round = 0; round < 200; round++) {
      const all = Array.from({ length: 5 }, () => SharedMemory.openOrCreate(name, { size: 4096 }));
      assert.equal(all.filter((memory) => memory.created).length, 1);
      for (const memory of all) memory.close();
      assert.equal(SharedMemory.unlink(name), true);
    }
  });

  it("an opener never sees an object without its size and its first bytes", { timeout: 60_000 }, async () => {
    const name = uniqueName("half");
    const size = 1 << 20;
    const maker = spawnPeer(ownRuntime, peer, ["createLoop", name, size]);
    await maker.line();
    let seen = 0;
    for (const end = performance.now() + 1500; performance.now() < end; ) {
      try {
        const memory = SharedMemory.open(`${name}-${seen % 4}`, { timeoutMs: 0 });
        assert.equal(memory.size, size);
        for (const at of [0, size >> 1, size - 1]) assert.equal(memory.bytes[at], 0xab);
        memory.close();
        seen++;
      } catch (error) {
        if ((error as { code?: string }).code !== "ENOENT") throw error;
      }
    }
    maker.kill();
    await maker.ended;
    assert.ok(seen > 20, `only ${seen} objects were seen`);
  });
});

describe("a creator that is killed half-way", () => {
  after(cleanUp);

  it("leaves whole objects only", { timeout: 120_000 }, async () => {
    const random = new Random();
    const size = 1 << 20;
    for (let round = 0; round < ROUNDS; round++) {
      const name = uniqueName("killed");
      const maker = spawnPeer(ownRuntime, peer, ["createLoop", name, size]);
      await maker.line();
      await sleep(random.below(60));
      maker.kill();
      assert.equal((await maker.ended).signal, "SIGKILL", `seed ${random.seed}`);
      for (const found of ownObjects()) {
        const bytes = readFileSync(objectPath(found));
        assert.equal(bytes.length, size, `seed ${random.seed}`);
        assert.ok(
          bytes.every((byte) => byte === 0xab),
          `seed ${random.seed}: ${found} is not filled`,
        );
        SharedMemory.unlink(found);
      }
    }
  });
});
