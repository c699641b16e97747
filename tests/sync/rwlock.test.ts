// RwLock: readers together, writers alone, who is preferred, upgrading, and what deaths leave.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { Participants, type ReadGuard, RwLock, SharedMemory, type WriteGuard } from "../../mod.ts";
import { least, sleep, uniqueName } from "../support/mod.ts";
import { actBetweenLooks, cleanUpPeers, closeAll, closing, isPending, make, SyncPeer, soon } from "./scene.ts";

const code = (text: string) => ({ name: "IpcError", code: text });
const both = [false, true] as const;

function pair(label: string, options: { preferReaders?: boolean } = {}) {
  const { name, it: lock } = make(RwLock, label, options);
  return { name, lock, other: closing(RwLock.open(name)) };
}

describe("a reader-writer lock", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  for (const preferReaders of both) {
    const label = preferReaders ? "that prefers readers" : "that prefers writers";

    it(`${label} lets readers in together and a writer alone`, () => {
      const { lock, other } = pair("alone", { preferReaders });
      const readers = [lock.tryRead(), lock.tryRead(), other.tryRead()];
      assert.ok(readers.every((guard) => guard !== undefined));
      assert.deepEqual([lock.tryWrite(), other.tryWrite()], [undefined, undefined]);
      for (const guard of readers) guard?.unlock();
      const writer = other.tryWrite();
      assert.ok(writer);
      assert.deepEqual([lock.tryRead(), lock.tryWrite(), other.tryRead(), other.tryWrite()], Array(4).fill(undefined));
      writer.unlock();
      lock.tryRead()?.unlock();
      lock.tryWrite()?.unlock();
    });

    it(`${label} passes between waiters of both kinds without blocking the event loop`, async () => {
      const { lock, other } = pair("pass", { preferReaders });
      const reader = other.tryRead();
      const writing = lock.write();
      assert.ok(await isPending(writing));
      reader?.unlock();
      const writer = await soon(writing, "the writer");
      const reading = [other.read(), other.read()];
      assert.ok(await isPending(Promise.race(reading)));
      writer.unlock();
      for (const guard of await soon(Promise.all(reading), "the readers")) guard.unlock();
      assert.ok(lock.tryWrite());
    });

    it(`${label} times out and aborts, and holds nothing after it`, async () => {
      const { lock, other } = pair("limits", { preferReaders });
      const reader = other.tryRead();
      assert.equal(lock.writeSync({ timeoutMs: 20 }), undefined);
      assert.equal(await lock.write({ timeoutMs: 20 }), undefined);
      await assert.rejects(lock.write({ signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
      lock.tryRead()?.unlock(); // no waiting writer was left behind
      reader?.unlock();
      const writer = lock.writeSync();
      assert.equal(other.readSync({ timeoutMs: 20 }), undefined);
      assert.equal(await other.read({ timeoutMs: 20 }), undefined);
      assert.equal(await other.write({ timeoutMs: 20 }), undefined);
      await assert.rejects(other.read({ signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
      writer?.unlock();
      other.writeSync()?.unlock();
    });

    it(`${label} tells the next holder of a writer's death, once`, async () => {
      for (const form of preferReaders ? (["read", "write"] as const) : (["readSync", "writeSync"] as const)) {
        const { name, lock } = pair("writer-dies", { preferReaders });
        const writer = await SyncPeer.start("RwLock", name);
        assert.equal(await writer.call("object write"), "guard -");
        const waiting: Promise<ReadGuard | WriteGuard> | undefined =
          form === "read" || form === "write" ? lock[form]() : undefined;
        if (waiting) assert.ok(await isPending(waiting));
        await writer.kill();
        const guard = waiting ? await soon(waiting, form) : lock[form as "readSync" | "writeSync"]();
        assert.equal(guard?.recovered?.pid, writer.pid, form);
        assert.deepEqual([lock.tryRead(), lock.tryWrite()], [undefined, undefined], "it is alone in the lock");
        guard?.repaired();
        guard?.unlock();
        const reader = lock.readSync();
        assert.equal(reader?.recovered, undefined);
        reader?.unlock();
        assert.equal(lock.writeSync()?.recovered, undefined);
        await closeAll();
      }
    });

    it(`${label} does not wait for a reader that died`, async () => {
      for (const form of [preferReaders ? "write" : "writeSync"] as const) {
        const { name, lock } = pair("reader-dies", { preferReaders });
        const readers = await Promise.all([SyncPeer.start("RwLock", name), SyncPeer.start("RwLock", name)]);
        for (const reader of readers) assert.equal(await reader.call("object read"), "guard -");
        const writing = form === "write" ? lock.write() : undefined;
        if (writing) assert.ok(await isPending(writing));
        for (const reader of readers.reverse()) await reader.kill();
        const writer = writing ? await soon(writing, form) : lock.writeSync();
        assert.equal(writer?.recovered, undefined);
        writer?.unlock();
        await closeAll();
      }
    });
  }

  it("holds new readers off while a writer waits, unless it prefers readers", async () => {
    for (const preferReaders of both) {
      const { name, lock } = pair("prefers", { preferReaders });
      const writer = await SyncPeer.start("RwLock", name);
      const reader = lock.tryRead();
      const later = closing(RwLock.open(name));
      await writer.beginToAwait("object write");
      const second = later.tryRead();
      assert.equal(second !== undefined, preferReaders);
      second?.unlock();
      reader?.unlock();
      assert.equal(await writer.answer(), "guard -");
      await closeAll();
    }
  });

  it("lets a writer in past participants whose reads overlap without end", async () => {
    const { name, lock } = pair("overlap");
    let isOver = false;
    const read = async (delay: number) => {
      await sleep(delay);
      while (!isOver) {
        const guard = await lock.read();
        await sleep(30);
        guard.unlock();
      }
    };
    const readers = [read(0), read(10), read(20)];
    await sleep(60);
    const own = await lock.write({ timeoutMs: 8000 });
    own?.unlock();
    const peer = await SyncPeer.start("RwLock", name);
    const others = await peer.call('object write {"timeoutMs":8000}');
    if (others === "guard -") await peer.call("guard unlock");
    isOver = true;
    await soon(Promise.all(readers), "the readers behind the writers");
    assert.deepEqual([own !== undefined, others], [true, "guard -"]);
  });

  it("holds off a reader that reads already while a writer waits; blocking without a timeout that is EDEADLK", async () => {
    const { name, lock } = pair("nested");
    const writer = await SyncPeer.start("RwLock", name);
    const reader = lock.tryRead();
    const [idle, reading] = [closing(RwLock.open(name)), closing(RwLock.open(name))];
    const another = reading.tryRead();
    await writer.beginToAwait('object write {"timeoutMs":20000}');
    assert.equal(lock.tryRead(), undefined);
    assert.equal(lock.readSync({ timeoutMs: 20 }), undefined);
    assert.equal(await lock.read({ timeoutMs: 20 }), undefined);
    for (const object of [lock, idle, reading]) assert.throws(() => object.readSync(), code("EDEADLK"));
    const again = lock.read();
    reader?.unlock();
    another?.unlock();
    assert.equal(await writer.answer(), "guard -");
    assert.ok(await isPending(again, 20));
    assert.equal(await writer.call("guard unlock"), "undefined");
    (await soon(again, "the reader behind the writer")).unlock();
  });

  it("lets a blocking reader that reads already in again when the writer gives up", async () => {
    const { name, lock } = pair("given-up");
    const writer = await SyncPeer.start("RwLock", name);
    const refusals = await least(1, async () => {
      const reader = lock.tryRead();
      writer.begin('object write {"timeoutMs":80}');
      await sleep(60);
      let refused = 0; // where the machine is too busy for it to give up within the moment that is waited
      try {
        lock.readSync().unlock();
      } catch (error) {
        assert.equal((error as { code?: string }).code, "EDEADLK");
        refused = 1;
      }
      assert.equal(await writer.answer(), "undefined");
      reader?.unlock();
      return refused;
    });
    assert.equal(refusals, 0);
    assert.ok(lock.tryWrite());
  });

  it("is not recovered from a writer that died while it waited for readers", async () => {
    const { name, lock, other } = pair("draining");
    const writer = await SyncPeer.start("RwLock", name);
    const reader = lock.tryRead();
    await writer.beginToAwait("object write");
    assert.equal(other.tryRead(), undefined);
    await writer.kill();
    const second = other.tryRead();
    assert.ok(second);
    assert.equal(second.recovered, undefined);
    second.unlock();
    reader?.unlock();
    assert.equal(lock.writeSync()?.recovered, undefined);
  });

  it("keeps nobody's event loop busy where an upgrade died and readers are left", async () => {
    const { name, lock } = pair("busy", { preferReaders: true });
    const [dying, writer] = [await SyncPeer.start("RwLock", name), await SyncPeer.start("RwLock", name)];
    const reader = lock.tryRead();
    assert.equal(await dying.call("object read"), "guard -");
    await dying.beginToAwait("guard upgrade");
    await dying.kill();
    writer.begin("object write");
    await sleep(60);
    assert.equal(await writer.call("object created"), "false", "it answers while it waits");
    reader?.unlock();
    assert.equal(await writer.answer(), "guard -");
  });

  it("that prefers readers tells a writer of the death of whoever came in between its looks", async () => {
    for (const [first, second] of [
      ["tryRead", "tryRead"],
      ["tryRead", "tryWrite"],
      ["tryWrite", "tryRead"],
      ["tryWrite", "tryWrite"],
    ] as const) {
      const { name, lock, other } = pair("between", { preferReaders: true });
      const successor = closing(RwLock.open(name));
      const guard = other[first]();
      actBetweenLooks(
        lock,
        "tryWrite",
        () => guard?.unlock(),
        () => assert.ok(successor[second](), second),
      );
      const writing = lock.write();
      assert.ok(await isPending(writing));
      successor.close(); // as its death
      (await soon(writing, `the writer behind ${first} and ${second}`)).unlock();
      await closeAll();
    }
  });

  it("becomes unrecoverable when the next holder, reader or writer, does not repair", async () => {
    for (const form of ["readSync", "writeSync"] as const) {
      const { name, lock } = pair("unrecoverable");
      const writer = await SyncPeer.start("RwLock", name);
      await writer.call("object write");
      await writer.kill();
      lock[form]()?.unlock();
      for (const next of ["tryRead", "readSync", "tryWrite", "writeSync"] as const)
        assert.throws(() => lock[next](), code("ENOTRECOVERABLE"), `${next} after ${form}`);
      await assert.rejects(lock.read(), code("ENOTRECOVERABLE"));
      await assert.rejects(lock.write(), { code: "ENOTRECOVERABLE", message: /did not repair/ });
      assert.throws(() => lock.tryWrite(), code("ENOTRECOVERABLE"), "it stays so");
      await closeAll();
    }
  });

  it("refuses to wait for itself", () => {
    const { lock } = pair("itself");
    const reader = lock.readSync();
    assert.throws(() => lock.writeSync(), code("EDEADLK"));
    assert.throws(() => lock.writeSync({ timeout: 1 } as object), TypeError);
    reader?.unlock();
    const writer = lock.writeSync();
    assert.throws(() => writer?.unlock({ unrecoverable: 5 } as unknown as object), /must be a string, not number 5/);
    assert.throws(() => lock.readSync({ timeoutMs: -1 }), RangeError);
    assert.throws(() => lock.readSync(), code("EDEADLK"));
    assert.throws(() => lock.writeSync(), code("EDEADLK"));
    writer?.unlock();
    assert.throws(() => writer?.unlock(), code("EPERM"));
    assert.throws(() => reader?.unlock(), code("EPERM"));
    assert.throws(() => reader?.tryUpgrade(), code("EPERM"));
    assert.throws(() => RwLock.create(uniqueName("bad"), { preferReaders: 1 as unknown as boolean }), TypeError);
  });

  it("says what it would wait for in itself: the lock, or its own waiting writer", async () => {
    const { lock, other } = pair("own-writer");
    const message = (action: () => unknown) => {
      try {
        action();
      } catch (error) {
        return /\((.+)\)$/.exec((error as Error).message)?.[1];
      }
      return "nothing was thrown";
    };
    const refusals = () => [message(() => lock.readSync()), message(() => lock.writeSync())];
    const reader = lock.readSync();
    assert.equal(
      message(() => lock.writeSync()),
      "this process holds it for reading",
    );
    const writing = lock.write();
    assert.ok(await isPending(writing));
    assert.deepEqual(refusals(), Array(2).fill("a write or upgrade of this process awaits it"));
    reader.unlock();
    const writer = await soon(writing, "the writer behind its own reader");
    assert.deepEqual(refusals(), Array(2).fill("this process holds it for writing"));
    writer.unlock();
    const [upgraded, another] = [lock.readSync(), other.readSync()];
    const upgrading = upgraded.upgrade();
    assert.ok(await isPending(upgrading));
    assert.deepEqual(refusals(), Array(2).fill("a write or upgrade of this process awaits it"));
    another.unlock();
    assert.ok(await soon(upgrading, "the upgrade"));
  });

  it("says of a guard that was used up what was tried with it", async () => {
    const { lock } = pair("used-up");
    const [reader, upgraded] = [lock.readSync(), lock.readSync()];
    reader.unlock();
    const writer = upgraded.tryUpgrade();
    const text = "EPERM, operation not permitted";
    for (const guard of [reader, upgraded]) {
      const said = (verb: string) => ({
        ...code("EPERM"),
        syscall: verb,
        message: `Cannot ${verb} a read guard: ${text} (it was unlocked or upgraded, or is being upgraded)`,
      });
      assert.throws(() => guard.tryUpgrade(), said("upgrade"));
      await assert.rejects(guard.upgrade(), said("upgrade"));
      assert.throws(() => guard.unlock(), said("unlock"));
    }
    writer?.unlock();
    const message = `Cannot unlock a write guard: ${text} (it was unlocked or downgraded already)`;
    assert.throws(() => writer?.unlock(), { ...code("EPERM"), message });
  });

  it("closed while a promise of it resolves rejects with EBADF, or gave the guard before", async () => {
    for (let microtasks = 0; microtasks < 8; microtasks++) {
      const { lock, other } = pair("turns");
      const writing = other.write();
      for (let count = 0; count < microtasks; count++) await undefined;
      other.close();
      await writing.then(
        (guard) => guard.unlock(),
        (error: unknown) => assert.equal((error as { code?: string }).code, "EBADF", `after ${microtasks}`),
      );
      assert.ok(lock.tryWrite(), `after ${microtasks}`);
      await closeAll();
    }
  });

  it("closed rejects what waits, refuses what comes, and passes on what it held", async () => {
    const { lock, other } = pair("closed");
    other.readSync();
    const writing = lock.write();
    assert.ok(await isPending(writing));
    const waits = [other.write(), other.read()];
    other.close();
    for (const waiting of waits) await assert.rejects(waiting, code("EBADF"));
    assert.throws(() => other.tryRead(), code("EBADF"));
    assert.throws(() => other.readSync(), code("EBADF"));
    assert.throws(() => other.writeSync(), code("EBADF"));
    await assert.rejects(other.write(), code("EBADF"));
    (await soon(writing, "the writer behind a closed reader")).unlock();
  });
});

describe("upgrading a reader", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  it("makes it the writer when the others have left, and uses its guard up", async () => {
    const { lock, other } = pair("upgrade");
    const [reader, another] = [lock.readSync(), other.readSync()];
    assert.equal(reader?.tryUpgrade(), undefined);
    const upgrading = reader?.upgrade() as Promise<unknown>;
    assert.ok(await isPending(upgrading));
    assert.throws(() => reader?.unlock(), code("EPERM"));
    another?.unlock();
    const writer = (await soon(upgrading, "the upgrade")) as { unlock(): void };
    assert.equal(other.tryRead(), undefined);
    assert.throws(() => reader?.unlock(), code("EPERM"));
    writer.unlock();
    assert.ok(other.tryWrite());
  });

  it("waits for other guards of the same object, and wakes when they go", async () => {
    const { lock } = pair("own");
    const [first, second] = [lock.readSync(), lock.readSync()];
    const upgrading = first?.upgrade() as Promise<unknown>;
    assert.ok(await isPending(upgrading));
    second?.unlock();
    ((await soon(upgrading, "the upgrade")) as { unlock(): void }).unlock();
    assert.ok(lock.tryWrite());
  });

  it("lets no reader in beside the writer, also before its promise has resolved", async () => {
    const { lock } = pair("beside");
    const upgrading = lock.readSync()?.upgrade() as Promise<WriteGuard>;
    assert.equal(lock.tryRead(), undefined);
    const reading = lock.read();
    const writer = await soon(upgrading, "the upgrade");
    assert.ok(await isPending(reading, 20));
    writer.unlock();
    (await soon(reading, "the reader behind it")).unlock();
  });

  it("lets who reads already read again while it waits only where readers are preferred", async () => {
    for (const preferReaders of both) {
      const { lock, other } = pair("again", { preferReaders });
      const [reader, another] = [lock.readSync(), other.readSync()];
      const upgrading = reader?.upgrade() as Promise<WriteGuard>;
      const again = [lock.tryRead(), other.tryRead()];
      assert.deepEqual(
        again.map((guard) => guard !== undefined),
        [preferReaders, preferReaders],
      );
      another?.unlock();
      if (preferReaders) assert.ok(await isPending(upgrading, 20)); // else nobody is left to wait for
      for (const guard of again) guard?.unlock();
      (await soon(upgrading, "the upgrade")).unlock();
      await closeAll();
    }
  });

  it("does not queue behind a writer of the same object that waits for it", async () => {
    const { lock, other } = pair("queue", { preferReaders: true });
    const reader = lock.readSync();
    const writing = lock.write();
    const upgrading = reader?.upgrade() as Promise<WriteGuard>;
    (await soon(upgrading, "the upgrade")).unlock();
    (await soon(writing, "the writer behind it")).unlock();
    assert.ok(other.tryWrite());
  });

  for (const preferReaders of both) {
    const label = preferReaders ? "with readers preferred" : "with writers preferred";

    it(`blocks its thread until the others have left, or died, ${label}`, async () => {
      const { name, lock } = pair("blocks", { preferReaders });
      const upgrading = await SyncPeer.start("RwLock", name);
      const reading = await SyncPeer.start("RwLock", name);
      for (const leave of [() => reading.call("guard unlock"), () => reading.kill()]) {
        for (const peer of [upgrading, reading]) assert.equal(await peer.call("object readSync"), "guard -");
        const { lines } = upgrading;
        upgrading.begin("guard upgradeSync");
        await sleep(30);
        assert.equal(upgrading.lines, lines);
        await leave();
        assert.equal(await upgrading.answer(), "guard -");
        assert.equal(lock.tryRead(), undefined);
        await upgrading.call("guard unlock");
      }
      assert.ok(lock.tryWrite());
    });

    it(`blocking is refused where only its own thread could let it go on, ${label}`, () => {
      const { lock, other } = pair("deadlock", { preferReaders });
      const reader = lock.readSync();
      for (const another of [lock.readSync(), other.readSync()]) {
        assert.throws(() => reader.upgradeSync(), code("EDEADLK"));
        assert.equal(reader.upgradeSync({ timeoutMs: 5 }), undefined);
        another.unlock();
      }
      const writer = reader.upgradeSync();
      assert.equal(other.tryRead(), undefined);
      assert.throws(() => reader.upgradeSync(), code("EPERM"));
      writer?.unlock();
      assert.ok(other.tryWrite());
    });
  }

  it("refuses what it does not know, also where it would not wait, and the guard still reads", async () => {
    const { lock, other } = pair("arguments");
    const [reader, another] = [lock.readSync(), other.readSync()];
    const writing = other.write();
    await assert.rejects(reader?.upgrade({ timeoutMs: -1 }) as Promise<unknown>, RangeError);
    await assert.rejects(reader?.upgrade({ timeout: 1 } as object) as Promise<unknown>, TypeError);
    assert.throws(() => reader?.upgradeSync({ timeoutMs: -1 }), RangeError);
    assert.equal(reader?.upgradeSync(), undefined);
    await assert.rejects(reader?.upgrade({ signal: AbortSignal.abort() }) as Promise<unknown>, { name: "AbortError" });
    assert.equal(await reader?.upgrade(), undefined);
    for (const guard of [reader, another]) guard?.unlock();
    (await soon(writing, "the writer")).unlock();
  });

  it("that times out, or comes second, still reads", async () => {
    const { lock, other } = pair("timeout");
    const [first, second] = [lock.readSync(), other.readSync()];
    assert.equal(await first?.upgrade({ timeoutMs: 20 }), undefined);
    assert.equal(other.tryWrite(), undefined);
    const upgrading = first?.upgrade() as Promise<unknown>;
    assert.ok(await isPending(upgrading, 20));
    assert.equal(await second?.upgrade(), undefined, "a second one would wait for ever");
    second?.unlock();
    ((await soon(upgrading, "the upgrade")) as { unlock(): void }).unlock();
  });

  for (const preferReaders of both)
    it(`downgrades: readers come in, and no writer in between${preferReaders ? ", readers preferred" : ""}`, async () => {
      const { lock, other } = pair("downgrade", { preferReaders });
      const writer = lock.writeSync();
      const reading = other.read();
      assert.ok(await isPending(reading));
      const reader = writer.downgrade();
      const beside = await soon(reading, "a reader beside it");
      assert.deepEqual([reader.recovered, other.tryWrite(), reader.tryUpgrade()], [undefined, undefined, undefined]);
      const writing = other.write();
      beside.unlock();
      assert.ok(await isPending(writing));
      reader.unlock();
      (await soon(writing, "the writer behind it")).unlock();
      const again = lock.writeSync().downgrade().tryUpgrade(); // back and forth
      assert.ok(again);
      again.downgrade().unlock();
      lock.writeSync().unlock();
    });

  it("downgrades before a writer of its own process that waits, and stays a writer where it cannot", async () => {
    const { name, lock, other } = pair("downgrade-order");
    const writer = lock.writeSync();
    const writing = lock.write();
    const reader = writer.downgrade();
    assert.ok(await isPending(writing));
    assert.equal(other.tryRead(), undefined, "a writer waits");
    for (const used of [() => writer.downgrade(), () => writer.unlock()])
      assert.throws(used, { code: "EPERM", message: /write guard: EPERM.*unlocked or downgraded/ });
    writer[Symbol.dispose]();
    reader.unlock();
    (await soon(writing, "the writer behind it")).unlock();
    const peer = await SyncPeer.start("RwLock", name);
    await peer.call("object write");
    await peer.kill();
    const heir = lock.writeSync();
    assert.throws(() => heir.downgrade(), { code: "EPERM", message: /the writer before died/ });
    assert.equal(other.tryRead(), undefined, "it still writes");
    heir.repaired();
    heir.downgrade();
    other.readSync().unlock();
    const closed = other.tryWrite() ?? lock.readSync();
    lock.close();
    closed.unlock();
    assert.equal(other.tryWrite()?.recovered, undefined);
  });

  it("dies as a reader behind a downgrade, and beside objects of the same participant is one", async () => {
    const { name, lock } = pair("downgrade-dies");
    const peer = await SyncPeer.start("RwLock", name);
    await peer.call("object write");
    await peer.call("guard downgrade");
    const writing = lock.write();
    assert.ok(await isPending(writing));
    await peer.kill();
    assert.equal((await soon(writing, "the reader is dead")).recovered, undefined);
    const memory = closing(SharedMemory.anonymous({ size: 16_384 }));
    const participants = Participants.over(memory, 0);
    const [one, two] = [0, 1].map(() => RwLock.over(memory, 8192, { participants })) as [RwLock, RwLock];
    const reader = one.writeSync().downgrade();
    assert.equal(two.tryWrite(), undefined);
    two.readSync().unlock();
    reader.unlock();
    const writer = two.tryWrite();
    two.close();
    assert.throws(() => writer?.downgrade(), code("EBADF"));
  });
});

describe("a reader-writer lock over memory", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  it("closed upgrades no reader any more", async () => {
    const memory = closing(SharedMemory.anonymous({ size: 16384 }));
    const lay = () => {
      const participants = closing(Participants.over(memory, 0));
      return closing(RwLock.over(memory, Participants.byteSize(), { participants }));
    };
    const [lock, other] = [lay(), lay()];
    const reader = lock.readSync();
    lock.close();
    assert.throws(() => reader?.tryUpgrade(), code("EBADF"));
    await assert.rejects(reader?.upgrade() as Promise<unknown>, code("EBADF"));
    other.tryWrite()?.unlock();
    assert.ok(other.tryRead());
  });

  it("closed gives back what it held, though its participant lives", async () => {
    const memory = closing(SharedMemory.create(uniqueName("over"), { size: 16384, unlinkOnClose: true }));
    const participants = closing(Participants.over(memory, 0));
    const lay = () => closing(RwLock.over(memory, Participants.byteSize(), { participants }));
    const peer = await SyncPeer.start("RwLock", memory.name ?? "", { offset: Participants.byteSize() });
    const reader = lay();
    reader.readSync();
    peer.begin("object write");
    await sleep(60);
    reader.close();
    assert.equal(await peer.answer(), "guard -");
    await peer.call("guard unlock");
    const writer = lay();
    writer.writeSync();
    peer.begin("object read");
    await sleep(60);
    writer.close();
    assert.match(await peer.answer(), /^guard [1-9]/);
  });
});
