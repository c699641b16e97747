// Races for one name: exactly one creates, nobody sees half an object, a creator that is killed leaves nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import {
  cleanUp,
  mainRuntimes,
  objectPath,
  ownObjects,
  ownRuntime,
  Random,
  type Runtime,
  sleep,
  spawnPeer,
  uniqueName,
} from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);

/** All runtimes take part; most are the one that starts fastest. */
function racer(index: number): Runtime {
  return index < 12 ? mainRuntimes[index % mainRuntimes.length] : mainRuntimes[0];
}

describe("racing for one name", () => {
  after(cleanUp);

  it("of 64 processes that open or create it at one instant, exactly one creates it", { timeout: 60_000 }, async () => {
    const name = uniqueName("race");
    const racers = Array.from({ length: 64 }, (_, index) =>
      spawnPeer(racer(index), peer, ["openOrCreate", name, 65536]),
    );
    for (const one of racers) assert.equal(await one.line(), "ready");
    const start = Date.now() + 200;
    for (const one of racers) one.write(String(start));
    const ends = await Promise.all(racers.map((one) => one.ended));
    const answers = ends.map(({ stdout, stderr }) => stdout.split("\n")[1] ?? stderr);
    assert.deepEqual(
      answers.filter((answer) => answer !== "false 65536 true"),
      ["true 65536 true"],
    );
  });

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
    for (let round = 0; round < 12; round++) {
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
