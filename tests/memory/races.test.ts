// Races for one name: exactly one creates, nobody sees half an object, a creator that is killed leaves nothing half-made.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { linkSync, readFileSync, unlinkSync } from "node:fs";
import { after, describe, it } from "node:test";
import { FileLock, SharedMemory } from "../../mod.ts";
import {
  cleanUp,
  least,
  objectExists,
  objectPath,
  ownObjects,
  ownRuntime,
  patiently,
  Random,
  sleep,
  spawnPeer,
  uniqueName,
} from "../support/mod.ts";

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
    const begin = performance.now();
    const isAfter = (milliseconds: number) => performance.now() - begin > milliseconds;
    while (!isAfter(1500) || (seen <= 20 && !isAfter(patiently(20_000)))) {
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

describe("removing a name", () => {
  after(cleanUp);
  /** What a remover locks: one byte, behind all that files can have. */
  const nameByte = { offset: 2 ** 52, length: 1 };

  /** Another one is about to remove it, has looked, and is slow. */
  for (const way of ["closeUnlinking", "unlink"])
    it(`${way}: waits for who is about to remove the same file's, and leaves its successor alone`, async () => {
      const name = uniqueName(way);
      SharedMemory.create(name, { size: 4096 }).close();
      const other = FileLock.open(objectPath(name));
      const closer = spawnPeer(ownRuntime, peer, [way, name]);
      await closer.line();
      const guard = other.tryLock(nameByte);
      closer.write("now");
      await sleep(50);
      assert.ok(objectExists(name));
      unlinkSync(objectPath(name));
      const successor = SharedMemory.create(name, { size: 4096 });
      guard?.unlock();
      assert.equal(await closer.line(), way === "unlink" ? "true" : "closed");
      assert.equal(objectExists(name), way !== "unlink", "an unlink by name removes whatever has it");
      for (const open of [successor, other]) open.close();
    });

  it("unlink: waits for who is about to remove the successor's, too", async () => {
    const name = uniqueName("chain");
    const make = () => {
      SharedMemory.create(name, { size: 4096 }).close();
      return FileLock.open(objectPath(name));
    };
    const first = make();
    const remover = spawnPeer(ownRuntime, peer, ["unlink", name]);
    await remover.line();
    const guard = first.tryLock(nameByte);
    remover.write("now");
    await sleep(50);
    unlinkSync(objectPath(name));
    const second = make();
    const next = second.tryLock(nameByte);
    guard?.unlock();
    await sleep(50);
    assert.ok(objectExists(name));
    next?.unlock();
    assert.equal(await remover.line(), "true");
    assert.equal(objectExists(name), false);
    for (const open of [first, second]) open.close();
  });

  it("leaves no lock behind where another process shares the descriptor", async () => {
    const memory = SharedMemory.create(uniqueName("inherited"), { size: 4096, unlinkOnClose: true });
    const kept = `${objectPath(memory.name ?? "")}-kept`;
    linkSync(objectPath(memory.name ?? ""), kept);
    const heir = spawn("/bin/sleep", ["100"], { stdio: [memory.fd, "ignore", "ignore"] });
    memory.close();
    const other = FileLock.open(kept);
    assert.ok(other.tryLock(nameByte));
    heir.kill();
    other.close();
  });

  it("is kept up for a second by who has stopped in the middle of it, and no longer", () => {
    const memory = SharedMemory.create(uniqueName("stopped"), { size: 4096, unlinkOnClose: true });
    const stopped = FileLock.open(objectPath(memory.name ?? ""));
    assert.ok(stopped.tryLock(nameByte));
    const start = performance.now();
    memory.close();
    assert.ok(performance.now() - start > 900);
    assert.equal(objectExists(memory.name ?? ""), false);
    stopped.close();
  });

  it("is not kept up by a stranger's lock over all of the file", async () => {
    const took = await least(500, () => {
      const memory = SharedMemory.create(uniqueName("covered"), { size: 4096, unlinkOnClose: true });
      const stranger = FileLock.open(objectPath(memory.name ?? ""));
      const guard = stranger.tryLock();
      const start = performance.now();
      memory.close();
      const took = performance.now() - start;
      assert.equal(objectExists(memory.name ?? ""), false);
      guard?.unlock();
      stranger.close();
      return took;
    });
    assert.ok(took < 500, `${took} ms`);
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
