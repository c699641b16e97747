// Mutex: what becomes of it when holders and waiters are killed or stopped.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { after, afterEach, describe, it } from "node:test";
import { Mutex, Participants, SharedMemory } from "../../mod.ts";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import { LOCK } from "../../src/sync/layout.ts";
import { mainRuntimes, sleep, uniqueName, until } from "../support/mod.ts";
import { cleanUpPeers, closeAll, closing, isPending, make, SyncPeer, soon } from "./scene.ts";

const unrecoverable = (reason: RegExp) => ({ name: "IpcError", code: "ENOTRECOVERABLE", message: reason });

/** Waits for its turn, repairs, and lets go; what it was told. */
async function serve(waiter: SyncPeer): Promise<string> {
  const told = await waiter.answer();
  if (told !== "guard -") await waiter.call("guard repaired");
  await waiter.call("guard unlock");
  return told;
}

describe("a mutex whose holder is killed", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  for (const form of ["tryLock", "lockSync", "lock"] as const) {
    it(`is taken by ${form}, which is told once who died`, async () => {
      const { name, it: mutex } = make(Mutex, "killed");
      const holder = await SyncPeer.start("Mutex", name);
      assert.equal(await holder.call("object lock"), "guard -");
      const waiting = form === "lock" ? mutex.lock() : undefined;
      if (waiting) assert.ok(await isPending(waiting));
      await holder.kill();
      const guard = waiting ? await soon(waiting, form) : mutex[form as "tryLock"]();
      assert.equal(guard?.recovered?.pid, holder.pid);
      guard?.repaired();
      guard?.unlock();
      const next = mutex.lockSync();
      assert.equal(next?.recovered, undefined);
      next?.unlock();
    });
  }

  for (const form of ["tryLock", "lockSync", "lock"] as const) {
    it(`while the kernel cannot mark it, since a file was cut that it opened later, is found by ${form}`, async () => {
      const { name, it: mutex } = make(Mutex, "unmarked");
      const { name: later } = make(Mutex, "unmarked-later");
      const holder = await SyncPeer.start("Mutex", name);
      assert.equal(await holder.call("object lock"), "guard -");
      assert.equal(await holder.call(`open Mutex ${later}`), "ready");
      truncateSync(`/dev/shm${later}`, 0);
      const waiting = form === "lock" ? mutex.lock() : undefined;
      if (waiting) assert.ok(await isPending(waiting));
      await holder.kill();
      let guard = waiting && (await soon(waiting, form));
      if (form === "lockSync") guard = mutex.lockSync({ timeoutMs: 10_000 });
      const attempt = () => {
        guard = mutex.tryLock();
        return guard !== undefined;
      };
      if (form === "tryLock") await until(attempt, "the lock to be asked");
      assert.equal(guard?.recovered?.pid, holder.pid);
      guard?.repaired();
      guard?.unlock();
    });
  }

  for (const form of ["lockSync", "lock"] as const) {
    it(`whose file is cut tells who waits by ${form} that it is lost, and who gives it back`, async () => {
      const { name, it: mutex } = make(Mutex, "cut");
      const guard = mutex.lockSync();
      const other = await SyncPeer.start("Mutex", name);
      other.begin(`object ${form}`);
      await sleep(100);
      truncateSync(`/dev/shm${name}`, 0);
      assert.equal(await other.answer(), "EBADMSG");
      assert.throws(() => guard.unlock(), { code: "EBADMSG", message: /pages were lost/ });
    });
  }

  it("who cannot be, since its slot was never held, is followed at once", async () => {
    const { name, it: mutex } = make(Mutex, "nobody");
    const memory = closing(SharedMemory.open(name));
    const word = new Int32Array(memory.buffer, OBJECT_OFFSET + LOCK, 1);
    const forms = [() => mutex.tryLock(), () => mutex.lockSync({ timeoutMs: 1000 }), () => soon(mutex.lock(), "lock")];
    for (const lock of forms) {
      Atomics.store(word, 0, 7);
      const guard = await lock();
      assert.equal(guard?.recovered?.pid, 0);
      guard?.repaired();
      guard?.unlock();
    }
  });

  it("is taken by exactly one of many waiters as recovered, in all forms and runtimes", async () => {
    const { name, it: mutex } = make(Mutex, "many");
    const holder = await SyncPeer.start("Mutex", name);
    const waiters = await Promise.all(mainRuntimes.map((runtime) => SyncPeer.start("Mutex", name, { runtime })));
    await holder.call("object lock");
    for (const [index, waiter] of waiters.entries()) waiter.begin(index % 2 === 0 ? "object lock" : "object lockSync");
    const mine = mutex.lock();
    assert.ok(await isPending(mine));
    await holder.kill();
    const serveMine = async () => {
      const guard = await mine;
      guard.repaired();
      guard.unlock();
      return `guard ${guard.recovered?.pid ?? "-"}`;
    };
    const told = await soon(Promise.all([serveMine(), ...waiters.map(serve)]), "all waiters");
    assert.deepEqual(told.sort(), ["guard -", "guard -", "guard -", "guard -", `guard ${holder.pid}`].sort());
  });

  it("becomes unrecoverable when the next one does not repair, for ever and everybody", async () => {
    const { name, it: mutex } = make(Mutex, "unrepaired");
    const holder = await SyncPeer.start("Mutex", name);
    const waiter = await SyncPeer.start("Mutex", name);
    await holder.call("object lock");
    await holder.kill();
    const guard = mutex.lockSync();
    assert.equal(guard?.recovered?.pid, holder.pid);
    waiter.begin("object lock");
    await sleep(50);
    guard?.unlock();
    assert.equal(await waiter.answer(), "ENOTRECOVERABLE");
    const expected = unrecoverable(/its holder died and the next one did not repair/);
    assert.throws(() => mutex.tryLock(), expected);
    assert.throws(() => mutex.lockSync(), expected);
    await assert.rejects(mutex.lock(), expected);
    assert.equal(await waiter.call("object lockSync"), "ENOTRECOVERABLE");
    assert.equal(mutex.isLocked, false);
    assert.throws(() => closing(Mutex.open(name)).tryLock(), expected);
  });

  it("becomes unrecoverable with the reason that the next one gives, as long as there is room", async () => {
    const { name, it: mutex } = make(Mutex, "reason");
    const guard = mutex.lockSync();
    guard?.unlock({ unrecoverable: `the ledger does not add up: ${"é".repeat(100)}` });
    const other = closing(Mutex.open(name));
    assert.throws(() => other.lockSync(), unrecoverable(/the ledger does not add up: é{41}(?!é)/));
  });

  it("tells of the death again when the one who was told dies before it has repaired", async () => {
    const { name, it: mutex } = make(Mutex, "again");
    const first = await SyncPeer.start("Mutex", name);
    const second = await SyncPeer.start("Mutex", name);
    await first.call("object lock");
    await first.kill();
    assert.equal(await second.call("object lock"), `guard ${first.pid}`);
    await second.kill();
    const guard = mutex.lockSync();
    assert.equal(guard?.recovered?.pid, second.pid);
    guard?.repaired();
    guard?.unlock();
  });

  it("is not recovered when the dead one did not hold it", async () => {
    const { name, it: mutex } = make(Mutex, "innocent");
    const other = await SyncPeer.start("Mutex", name);
    await other.call("object lock");
    await other.call("guard unlock");
    const guard = mutex.lockSync();
    other.begin("object lock");
    await sleep(50);
    await other.kill();
    guard?.unlock();
    const next = mutex.lockSync();
    assert.equal(next?.recovered, undefined);
    next?.unlock();
  });

  it("is free for a process that takes the dead one's slot", async () => {
    const { name, it: mutex } = make(Mutex, "slot");
    const holder = await SyncPeer.start("Mutex", name);
    await holder.call("object lock");
    await holder.kill();
    const heir = closing(Mutex.open(name)); // has the slot of the dead one, and another generation
    const guard = heir.tryLock();
    assert.deepEqual(guard?.recovered, { pid: holder.pid });
    guard?.repaired();
    guard?.unlock();
    assert.equal(mutex.tryLock()?.recovered, undefined);
  });

  it("tells its next holder who died also when nobody was attached meanwhile", async () => {
    const name = uniqueName("restart");
    Mutex.create(name).close();
    for (let restart = 0; restart < 2; restart++) {
      const holder = await SyncPeer.start("Mutex", name);
      await holder.call("object lock");
      await holder.kill();
      const heir = Mutex.open(name);
      const guard = heir.tryLock();
      assert.deepEqual(guard?.recovered, { pid: holder.pid });
      guard?.repaired();
      guard?.unlock();
      heir.close();
    }
    Mutex.unlink(name);
  });
});

describe("a mutex whose holder or waiter is stopped", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  it("stays with the holder: SIGSTOP is not death", async () => {
    const { name, it: mutex } = make(Mutex, "stopped");
    const holder = await SyncPeer.start("Mutex", name);
    await holder.call("object lock");
    await holder.stop();
    assert.equal(mutex.tryLock(), undefined);
    assert.equal(mutex.lockSync({ timeoutMs: 120 }), undefined);
    const waiting = mutex.lock();
    assert.ok(await isPending(waiting, 150));
    holder.peer.kill("SIGCONT");
    assert.equal(await holder.call("guard unlock"), "undefined");
    const guard = await soon(waiting, "the lock of a stopped one");
    assert.equal(guard.recovered, undefined);
    guard.unlock();
  });

  it("is taken at unlock though a waiter before us is stopped", async () => {
    const { name, it: mutex } = make(Mutex, "stopped-waiter");
    const waiter = await SyncPeer.start("Mutex", name);
    const guard = mutex.lockSync();
    waiter.begin("object lock");
    await sleep(50);
    const other = closing(Mutex.open(name));
    const waiting = other.lock();
    await waiter.stop();
    guard?.unlock();
    (await soon(waiting, "the lock")).unlock();
    waiter.peer.kill("SIGCONT");
    assert.equal(await waiter.answer(), "guard -");
  });

  it("is taken after a death though the kernel woke only one that is stopped", async () => {
    const { name } = make(Mutex, "stopped-heir");
    const holder = await SyncPeer.start("Mutex", name);
    await holder.call("object lock");
    const waiters: SyncPeer[] = [];
    for (let index = 0; index < 3; index++) {
      const waiter = await SyncPeer.start("Mutex", name);
      waiter.begin("object lock");
      await sleep(50); // asleep in the order of their starts
      waiters.push(waiter);
    }
    await waiters[0]?.stop();
    await holder.kill();
    const told = await soon(Promise.all(waiters.slice(1).map(serve)), "those who are awake");
    assert.deepEqual(told.sort(), ["guard -", `guard ${holder.pid}`].sort());
    waiters[0]?.peer.kill("SIGCONT");
    assert.equal(await waiters[0]?.answer(), "guard -");
  });

  it("is taken after its holder has left and come again while the waiter was stopped", async () => {
    const memory = closing(SharedMemory.create(uniqueName("again"), { size: 16384, unlinkOnClose: true }));
    const offset = Participants.byteSize();
    const participants = Participants.over(memory, 0);
    const mutex = Mutex.over(memory, offset, { participants });
    const waiter = await SyncPeer.start("Mutex", memory.name ?? "", { offset });
    const another = await SyncPeer.start("Mutex", memory.name ?? "", { offset: offset + 128 });
    mutex.lockSync();
    waiter.begin("object lock");
    await sleep(60);
    await waiter.stop();
    await sleep(20);
    participants.close(); // dead, and at once alive again: the same slot, the same thread
    const reborn = closing(Participants.over(memory, 0));
    closing(Mutex.over(memory, offset + 128, { participants: reborn })).lockSync();
    another.begin("object lock"); // its flag makes the life word what it was
    await sleep(60);
    waiter.peer.kill("SIGCONT");
    assert.match(await soon(waiter.answer(), "the lock"), /^guard \d+$/);
  });
});
