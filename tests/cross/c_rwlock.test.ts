// RwLock between C and the runtimes: who reads together, who waits for whom, and what a death leaves to whom.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { Participants, RwLock, SharedMemory } from "../../mod.ts";
import { runtimeNamed, sleep, uniqueName } from "../support/mod.ts";
import { cleanUpPeers, closeAll, closing, isPending, make, SyncPeer, soon } from "../sync/scene.ts";
import { CCaller, EBUSY, EDEADLK, ENOTRECOVERABLE, EPERM, ETIMEDOUT, RECOVERED } from "./c_caller.ts";

const start = (name: string) => CCaller.start("RWLK", name);

describe("an rwlock between C and", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  for (const runtime of ["bun", "deno", "node26"].map(runtimeNamed)) {
    it(`${runtime.name} is read together and written alone, and who sleeps is woken`, async () => {
      const { name } = make(RwLock, "c-rw");
      const [ours, c] = [await SyncPeer.start("RwLock", name, { runtime }), await start(name)];
      assert.deepEqual([await c.call("read -1"), await ours.call("object tryRead")], ["0", "guard -"]);
      assert.deepEqual(await c.calls("try-write", "write -1", "upgrade 20"), [EDEADLK, EDEADLK, ETIMEDOUT]);
      assert.equal(await ours.call("guard unlock"), "undefined");
      assert.deepEqual(await c.calls("upgrade 0", "try-read", "write -1"), ["0", EDEADLK, EDEADLK]);
      assert.equal(await ours.call("object tryRead"), "undefined");
      ours.begin("object read");
      assert.equal(await c.call("unlock"), "0");
      assert.equal(await ours.answer(), "guard -");
      c.begin("write -1");
      await sleep(50);
      await ours.call("guard unlock");
      assert.equal(await c.answer(), "0");
      ours.begin("object writeSync");
      await sleep(50);
      assert.equal(await c.call("unlock"), "0");
      assert.equal(await ours.answer(), "guard -");
      assert.deepEqual(await c.calls("try-read", "read 20", "write 20", "unlock"), [
        EBUSY,
        ETIMEDOUT,
        ETIMEDOUT,
        EPERM,
      ]);
      c.begin("read -1");
      await sleep(50);
      await ours.call("guard unlock");
      assert.equal(await c.answer(), "0");
    });

    it(`${runtime.name} heals both ways`, async () => {
      const { name, it: lock } = make(RwLock, "c-rw-heals");
      const [ours, c] = [await SyncPeer.start("RwLock", name, { runtime }), await start(name)];
      assert.equal(await c.call("write -1"), "0");
      ours.begin("object readSync");
      await sleep(50);
      await c.kill();
      assert.equal(await ours.answer(), `guard ${c.pid}`);
      await ours.call("guard repaired");
      await ours.call("guard unlock");
      const other = await start(name);
      assert.equal(await ours.call("object writeSync"), "guard -");
      other.begin("read -1");
      await sleep(50);
      await ours.kill();
      assert.equal(await other.answer(), RECOVERED);
      assert.equal(lock.tryRead(), undefined); // it has it alone
      assert.deepEqual(await other.calls("dead", "upgrade 0"), [`${ours.pid}`, RECOVERED]);
      assert.deepEqual(await other.calls("repaired", "unlock", "unlock"), ["0", "0", EPERM]);
      assert.equal(lock.tryWrite()?.recovered, undefined);
    });

    it(`${runtime.name} forgets readers that die, and writers that only waited`, async () => {
      const { name, it: lock } = make(RwLock, "c-rw-readers");
      const [ours, c, writer] = [
        await SyncPeer.start("RwLock", name, { runtime }),
        await start(name),
        await start(name),
      ];
      assert.deepEqual([await c.call("read -1"), await ours.call("object tryRead")], ["0", "guard -"]);
      writer.begin("write -1");
      await sleep(50);
      ours.begin("object write"); // behind the other one
      await writer.kill();
      while ((await c.call("try-read")) === "0") await c.call("unlock"); // until ours has the place of the dead one
      await c.kill();
      await ours.kill(); // it reads, too
      const guard = await soon(lock.write(), "the readers are dead");
      assert.equal(guard.recovered, undefined);
      guard.unlock();
      const [reader, last] = [await SyncPeer.start("RwLock", name, { runtime }), await start(name)];
      assert.equal(await reader.call("object readSync"), "guard -");
      last.begin("write -1");
      await sleep(50);
      await reader.kill();
      assert.equal(await last.answer(), "0");
    });
  }
});

describe("an rwlock in C", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  it("keeps who reads already behind a waiting writer, like everybody else", async () => {
    const { name, it: lock } = make(RwLock, "c-rw-writers-first");
    const [c, other] = [await start(name), await start(name)];
    assert.equal(await c.call("read -1"), "0");
    const writing = lock.write();
    assert.ok(await isPending(writing));
    assert.deepEqual(await c.calls("try-read", "read 20"), [EBUSY, ETIMEDOUT]);
    assert.equal(await other.call("try-read"), EBUSY);
    assert.equal(await c.call("unlock"), "0");
    (await soon(writing, "the reader has left")).unlock();
    assert.equal(await other.call("try-read"), "0");
  });

  it("lets readers pass a waiting writer where they are preferred, and wakes it behind the last one", async () => {
    const { name, it: lock } = make(RwLock, "c-rw-readers-first", { preferReaders: true });
    const [c, other] = [await start(name), await start(name)];
    assert.equal(await c.call("read -1"), "0");
    const writing = lock.write();
    assert.ok(await isPending(writing));
    assert.deepEqual([await c.call("try-read"), await other.call("read -1")], ["0", "0"]);
    assert.deepEqual(await c.calls("unlock", "unlock", "unlock"), ["0", "0", EPERM]);
    assert.ok(await isPending(writing));
    assert.equal(await other.call("unlock"), "0");
    const guard = await soon(writing, "the readers have left");
    c.begin("write -1");
    await sleep(50);
    guard.unlock();
    assert.equal(await c.answer(), "0");
    other.begin("write -1");
    await sleep(50);
    await c.kill();
    assert.equal(await other.answer(), RECOVERED);
    assert.deepEqual(await other.calls("repaired", "unlock"), ["0", "0"]);
    const reader = lock.tryRead();
    other.begin("write -1");
    await sleep(50);
    reader?.unlock();
    assert.equal(await other.answer(), "0");
  });

  it("upgrades one reader; another one who would wait for it is busy at once, and still reads", async () => {
    const { name, it: lock } = make(RwLock, "c-rw-upgrade");
    const c = await start(name);
    assert.deepEqual(await c.calls("upgrade 0", "read -1"), [EPERM, "0"]);
    const reader = lock.tryRead();
    const upgrading = reader?.upgrade();
    assert.ok(upgrading && (await isPending(upgrading)));
    assert.equal(await c.call("upgrade -1"), EBUSY);
    assert.equal(await c.call("unlock"), "0");
    const writer = await soon(upgrading, "the other reader has left");
    assert.equal(await c.call("try-read"), EBUSY);
    writer?.unlock();
    assert.equal(await c.call("read -1"), "0");
    const blocking = lock.tryRead();
    c.begin("upgrade -1");
    await sleep(50);
    assert.equal(lock.tryRead()?.unlock(), undefined);
    blocking?.unlock();
    assert.equal(await c.answer(), "0");
  });

  it("downgrades: others read beside it, and no writer comes in between", async () => {
    for (const preferReaders of [false, true]) {
      const { name, it: lock } = make(RwLock, "c-rw-downgrade", { preferReaders });
      const [c, other] = [await start(name), await start(name)];
      assert.deepEqual(await c.calls("downgrade", "read -1", "downgrade", "unlock"), [EPERM, "0", EPERM, "0"]);
      assert.equal(await c.call("write -1"), "0");
      other.begin("read -1");
      await sleep(50);
      assert.equal(await c.call("downgrade"), "0");
      assert.equal(await other.answer(), "0");
      assert.deepEqual([lock.tryWrite(), await other.call("upgrade 0")], [undefined, ETIMEDOUT]);
      const writing = lock.write();
      assert.ok(await isPending(writing));
      assert.equal(await other.call("unlock"), "0");
      assert.ok(await isPending(writing));
      await c.kill();
      const writer = await soon(writing, "the reader is dead");
      assert.equal(writer.recovered, undefined);
      other.begin("read -1");
      await sleep(50);
      const reader = writer.downgrade();
      assert.equal(await other.answer(), "0");
      assert.equal(await other.call("upgrade 0"), ETIMEDOUT);
      reader.unlock();
      assert.deepEqual(await other.calls("upgrade 0", "downgrade", "unlock"), ["0", "0", "0"]);
    }
  });

  it("downgrades only what it has repaired, also where it came in as a reader", async () => {
    for (const take of ["read -1", "write -1"]) {
      const { name, it: lock } = make(RwLock, "c-rw-downgrade-repaired");
      const [c, other] = [await start(name), await start(name)];
      assert.equal(await c.call("write -1"), "0");
      await c.kill();
      assert.deepEqual(await other.calls(take, "downgrade", "repaired", "downgrade"), [RECOVERED, EPERM, "0", "0"]);
      lock.tryRead()?.unlock();
      assert.equal(lock.tryWrite(), undefined);
      assert.equal(await other.call("unlock"), "0");
      assert.equal(lock.tryWrite()?.recovered, undefined);
    }
  });

  it("is given up for both", async () => {
    const { name, it: lock } = make(RwLock, "c-rw-given-up");
    const c = await start(name);
    assert.deepEqual(await c.calls("give-up", "write -1", "give-up"), [EPERM, "0", "0"]);
    assert.throws(() => lock.readSync(), { code: "ENOTRECOVERABLE", message: /C gave it up/ });
    assert.deepEqual(await c.calls("read -1", "try-read", "write -1"), Array(3).fill(ENOTRECOVERABLE));
  });

  it("is unrecoverable when the next holder does not repair", async () => {
    const { name, it: lock } = make(RwLock, "c-rw-unrepaired");
    const [c, other] = [await start(name), await start(name)];
    assert.equal(await c.call("write -1"), "0");
    await c.kill();
    assert.deepEqual(await other.calls("try-write", "unlock", "write -1"), [RECOVERED, "0", ENOTRECOVERABLE]);
    assert.throws(() => lock.tryRead(), { code: "ENOTRECOVERABLE", message: /did not repair/ });
  });

  it("lies over any part of a memory", async () => {
    const memory = closing(SharedMemory.create(uniqueName("c-rw-over"), { size: 65536, unlinkOnClose: true }));
    const participants = Participants.over(memory, 0);
    const lock = RwLock.over(memory, 8192 + 256, { participants, preferReaders: true });
    const c = await CCaller.start("RWLK", memory.name as string, 8192 + 256);
    assert.equal(await c.call("write -1"), "0");
    const reading = lock.read();
    assert.ok(await isPending(reading));
    await c.kill();
    assert.equal((await soon(reading, "the writer is dead")).recovered?.pid, c.pid);
  });
});
