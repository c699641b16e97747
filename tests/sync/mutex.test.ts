// Mutex: one owner at a time, three forms of waiting, order, misuse, closing.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { Barrier, Mutex, Participants, RwLock, Semaphore, SharedMemory } from "../../mod.ts";
import { sleep, uniqueName } from "../support/mod.ts";
import { cleanUpPeers, closeAll, closing, isPending, make, SyncPeer, soon } from "./scene.ts";

const code = (text: string) => ({ name: "IpcError", code: text });

describe("a mutex", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  it("has one owner: another object of the same name is refused until it is unlocked", () => {
    const { name, it: mutex } = make(Mutex, "one");
    const other = closing(Mutex.open(name));
    assert.deepEqual([mutex.created, other.created, mutex.isLocked], [true, false, false]);
    const guard = mutex.tryLock();
    assert.ok(guard);
    assert.equal(guard.mutex, mutex);
    assert.equal(guard.recovered, undefined);
    assert.deepEqual([other.tryLock(), mutex.tryLock(), other.isLocked], [undefined, undefined, true]);
    guard.unlock();
    const next = other.tryLock();
    assert.ok(next);
    assert.equal(mutex.tryLock(), undefined);
    next.unlock();
    assert.equal(mutex.isLocked, false);
  });

  it("is given back at the end of a block", () => {
    const { it: mutex } = make(Mutex, "dispose");
    const guard = mutex.lockSync();
    guard?.[Symbol.dispose]();
    guard?.[Symbol.dispose]();
    assert.equal(mutex.isLocked, false);
    mutex.lockSync()?.unlock();
  });

  it("unlocked twice is EPERM, and the next owner keeps it", () => {
    const { it: mutex } = make(Mutex, "twice");
    const guard = mutex.lockSync();
    guard?.unlock();
    const next = mutex.lockSync();
    assert.throws(() => guard?.unlock(), code("EPERM"));
    assert.equal(mutex.isLocked, true);
    next?.unlock();
  });

  it("locked twice by the same participant is EDEADLK in the blocking form", async () => {
    const { it: mutex } = make(Mutex, "deadlock");
    const guard = await mutex.lock();
    assert.throws(() => mutex.lockSync(), code("EDEADLK"));
    assert.throws(() => mutex.lockSync({ timeoutMs: 1000 }), code("EDEADLK"));
    guard.unlock();
    mutex.lockSync()?.unlock();
  });

  it("refuses what it does not know, and holds nothing afterwards", async () => {
    const { it: mutex } = make(Mutex, "arguments");
    const holder = mutex.lockSync();
    const bad = { timeoutMs: -1 };
    await assert.rejects(mutex.lock(bad), RangeError);
    await assert.rejects(mutex.lock({ timeoutMs: "1" } as unknown as object), TypeError);
    await assert.rejects(mutex.lock({ timeout: 5 } as unknown as object), TypeError);
    await assert.rejects(mutex.lock({ signal: {} } as unknown as object), TypeError);
    assert.throws(() => holder?.unlock({ reason: "x" } as unknown as object), TypeError);
    assert.throws(() => holder?.unlock({ unrecoverable: 5 } as unknown as object), /must be a string, not number 5/);
    assert.equal(mutex.isLocked, true);
    holder?.unlock();
    assert.throws(() => Mutex.create(uniqueName("bad"), { size: 3 } as unknown as object), TypeError);
    for (const wrong of [bad, { timeoutMs: "1" }, { timeout: 5 }, 7]) {
      assert.throws(() => mutex.lockSync(wrong as object), wrong === bad ? RangeError : TypeError);
      await assert.rejects(mutex.lock(wrong as object), wrong === bad ? RangeError : TypeError);
    }
    assert.equal(mutex.isLocked, false);
  });

  it("times out in both forms, not before its time", async () => {
    const { name, it: mutex } = make(Mutex, "timeout");
    const other = closing(Mutex.open(name));
    const guard = mutex.lockSync();
    for (const timeoutMs of [0, 30]) {
      for (const form of ["lockSync", "lock"] as const) {
        const begin = performance.now();
        assert.equal(await other[form]({ timeoutMs }), undefined);
        const took = performance.now() - begin;
        assert.ok(took >= timeoutMs - 2 && took < timeoutMs + 2000, `${form} took ${took} ms of ${timeoutMs}`);
      }
    }
    guard?.unlock();
    assert.ok(await other.lock({ timeoutMs: 0 }));
  });

  it("is not taken by a wait that was aborted", async () => {
    const { name, it: mutex } = make(Mutex, "abort");
    const other = closing(Mutex.open(name));
    const reason = new Error("not any more");
    await assert.rejects(other.lock({ signal: AbortSignal.abort(reason) }), reason);
    assert.equal(mutex.isLocked, false);
    const guard = mutex.lockSync();
    const controller = new AbortController();
    const waiting = other.lock({ signal: controller.signal });
    assert.ok(await isPending(waiting, 20));
    controller.abort(reason);
    await assert.rejects(waiting, reason);
    guard?.unlock();
    assert.equal(mutex.isLocked, false);
    await sleep(20);
    assert.equal(mutex.isLocked, false);
  });

  it("is awaited in order, also while this process itself holds it", async () => {
    const { it: mutex } = make(Mutex, "order");
    const order: number[] = [];
    let inside = 0;
    const work = async (number: number) => {
      const guard = await mutex.lock();
      assert.equal(++inside, 1);
      order.push(number);
      await sleep(1);
      inside--;
      guard.unlock();
    };
    await soon(Promise.all(Array.from({ length: 20 }, (_, number) => work(number))), "twenty turns");
    assert.deepEqual(
      order,
      Array.from({ length: 20 }, (_, number) => number),
    );
  });

  it("that a caller in the middle gave up goes to the next one", async () => {
    const { it: mutex } = make(Mutex, "middle");
    const guard = mutex.lockSync();
    const controller = new AbortController();
    const first = mutex.lock();
    const second = mutex.lock({ signal: controller.signal });
    const third = mutex.lock({ timeoutMs: 10 });
    const fourth = mutex.lock();
    controller.abort();
    await assert.rejects(second, { name: "AbortError" });
    assert.equal(await third, undefined);
    guard?.unlock();
    (await soon(first, "the first")).unlock();
    (await soon(fourth, "the fourth")).unlock();
    assert.equal(mutex.isLocked, false);
  });

  it("closed under waiters rejects them with EBADF, and everything later too", async () => {
    const { name, it: mutex } = make(Mutex, "closed");
    const other = Mutex.open(name);
    mutex.lockSync();
    const waits = [other.lock(), other.lock({ timeoutMs: 60_000 })];
    other.close();
    for (const waiting of waits) await assert.rejects(waiting, code("EBADF"));
    assert.throws(() => other.tryLock(), code("EBADF"));
    assert.throws(() => other.lockSync(), code("EBADF"));
    assert.throws(() => other.isLocked, code("EBADF"));
    await assert.rejects(other.lock(), code("EBADF"));
    other.close();
  });

  it("closed while it is held passes on as from a dead one, and its guard unlocks nothing", async () => {
    const { name, it: mutex } = make(Mutex, "held");
    const other = Mutex.open(name);
    const guard = other.lockSync();
    const waiting = mutex.lock();
    assert.ok(await isPending(waiting, 20));
    other.close();
    const next = await soon(waiting, "the lock of a closed one");
    assert.equal(next.recovered?.pid, (await import("node:process")).default.pid);
    guard?.unlock();
    assert.equal(mutex.isLocked, true);
    next.repaired();
    next.unlock();
  });

  it("goes to and fro between two processes without losing a wake-up", async () => {
    const { name, it: mutex } = make(Mutex, "fro");
    const other = await SyncPeer.start("Mutex", name);
    for (let round = 0; round < 30; round++) {
      const guard = await soon(mutex.lock(), `round ${round}`);
      other.begin(round % 2 === 0 ? "object lock" : "object lockSync");
      if (round % 3 === 0) await sleep(2);
      guard.unlock();
      assert.equal(await other.answer(), "guard -");
      const waiting = mutex.lock();
      assert.equal(await other.call("guard unlock"), "undefined");
      (await soon(waiting, `round ${round}, back`)).unlock();
    }
  });
});

describe("a mutex over memory", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  const BASE = Participants.byteSize();
  function lay() {
    const memory = closing(SharedMemory.create(uniqueName("over"), { size: 16384, unlinkOnClose: true }));
    const participants = closing(Participants.over(memory, 0));
    const mutex = closing(Mutex.over(memory, BASE, { participants }));
    return { memory, participants, mutex };
  }

  it("is found by another process at the same place", async () => {
    const { memory, mutex } = lay();
    const other = await SyncPeer.start("Mutex", memory.name ?? "", { offset: BASE });
    const guard = mutex.lockSync();
    assert.equal(await other.call("object tryLock"), "undefined");
    guard?.unlock();
    assert.equal(await other.call("object tryLock"), "guard -");
    const waiting = mutex.lock();
    await other.kill();
    const next = await soon(waiting, "the lock of a dead one");
    assert.equal(next.recovered?.pid, other.pid);
    next.repaired();
    next.unlock();
  });

  it("closed while it is held passes on, though its participant lives", async () => {
    const { memory, participants, mutex } = lay();
    const other = closing(Mutex.over(memory, BASE, { participants }));
    const guard = mutex.lockSync();
    other.close(); // holds nothing, and gives nothing back
    assert.equal(mutex.isLocked, true);
    const third = closing(Mutex.over(memory, BASE, { participants }));
    const waiting = third.lock();
    mutex.close();
    const next = await soon(waiting, "the lock of a closed one");
    assert.ok((next.recovered?.pid ?? 0) > 0);
    guard?.unlock();
    assert.equal(third.isLocked, true);
    next.repaired();
    next.unlock();
    assert.equal(third.lockSync()?.recovered, undefined);
  });

  it("outlives the memory that is closed under it", async () => {
    const { memory, mutex } = lay();
    const guard = mutex.lockSync();
    const waiting = mutex.lock();
    memory.close();
    await assert.rejects(waiting);
    mutex.close();
    guard?.unlock();
  });

  it("refuses a bad place", () => {
    const { memory, participants } = lay();
    assert.throws(() => Mutex.over(memory, BASE + 64, { participants }), RangeError);
    assert.throws(() => Mutex.over(memory, memory.size, { participants }), RangeError);
    for (const bad of [undefined, null, {}]) {
      const options = bad as unknown as { participants: Participants };
      for (const Kind of [Mutex, RwLock, Semaphore, Barrier] as unknown as (typeof Mutex)[])
        assert.throws(() => Kind.over(memory, BASE, options), /options object|needs \{ participants \}/);
    }
    assert.equal(Mutex.byteSize(), 128);
    assert.throws(() => Mutex.byteSize({ values: 3 }), /has no option "values" \(it has none\)/);
    for (const bad of [null, { values: 3 }])
      assert.throws(() => Semaphore.byteSize(bad as object), /takes an options object|has no option "values"/);
  });
});
