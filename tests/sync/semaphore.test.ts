// Semaphore: counting, owned permits that come back from the dead, waiting.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { Mutex, Participants, Semaphore, SharedMemory } from "../../mod.ts";
import { sleepsOf } from "../support/asleep.ts";
import { sleep, uniqueName, until } from "../support/mod.ts";
import { actBetweenLooks, cleanUpPeers, closeAll, closing, isPending, make, SyncPeer, soon } from "./scene.ts";

const code = (text: string) => ({ name: "IpcError", code: text });

describe("a semaphore", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  for (const owned of [false, true]) {
    it(`${owned ? "of owned permits" : "that counts"} gives as many as it has`, () => {
      const { name, it: seats } = make(Semaphore, "count", { value: 3, owned });
      const other = closing(Semaphore.open(name));
      assert.deepEqual([seats.tryAcquire(), other.tryAcquire(), seats.tryAcquire()], [true, true, true]);
      assert.deepEqual([seats.tryAcquire(), other.tryAcquire(), seats.value], [false, false, 0]);
      seats.release(2);
      assert.deepEqual([seats.value, other.value, other.acquireSync()], [2, 2, true]);
      other.release(2);
      assert.equal(seats.value, 3);
    });

    it(`${owned ? "of owned permits" : "that counts"} is awaited in order, with timeouts and aborts`, async () => {
      const { it: seats } = make(Semaphore, "await", { value: 1, owned });
      assert.equal(await seats.acquire(), true);
      assert.equal(await seats.acquire({ timeoutMs: 15 }), false);
      assert.equal(seats.acquireSync({ timeoutMs: 15 }), false);
      await assert.rejects(seats.acquire({ signal: AbortSignal.timeout(15) }), { name: "TimeoutError" });
      const order: number[] = [];
      const waits = [1, 2, 3].map((number) => seats.acquire().then(() => order.push(number)));
      for (let round = 0; round < 3; round++) {
        await sleep(5);
        seats.release();
      }
      await soon(Promise.all(waits), "three turns");
      assert.deepEqual(order, [1, 2, 3]);
    });
  }

  it("that counts keeps the permit of a dead one, and anybody may release", async () => {
    const { name, it: seats } = make(Semaphore, "gone", { value: 1 });
    const holder = await SyncPeer.start("Semaphore", name);
    assert.equal(await holder.call("object acquire"), "true");
    await holder.kill();
    assert.deepEqual([seats.value, seats.tryAcquire()], [0, false]);
    const waiting = seats.acquire();
    seats.release(1);
    assert.equal(await soon(waiting, "the permit"), true);
  });

  it("of owned permits gets those of the dead back, whoever of many holders it was", async () => {
    const { name, it: seats } = make(Semaphore, "back", { value: 3, owned: true });
    const holders = await Promise.all([1, 2, 3].map(() => SyncPeer.start("Semaphore", name)));
    for (const holder of holders) assert.equal(await holder.call("object acquireSync"), "true");
    const waiting = seats.acquire();
    assert.ok(await isPending(waiting));
    await holders[1]?.kill();
    assert.equal(await soon(waiting, "the dead one's permit"), true);
    assert.deepEqual([seats.value, seats.tryAcquire()], [0, false]);
    await holders[2]?.kill();
    assert.equal(seats.acquireSync({ timeoutMs: 2000 }), true);
    await holders[0]?.stop();
    assert.equal(seats.acquireSync({ timeoutMs: 100 }), false);
  });

  it("of owned permits gets those of the dead back, also of one who took it between two looks of who waits", async () => {
    const { name, it: seats } = make(Semaphore, "between", { value: 2, owned: true });
    const [holder, other, heir] = [1, 2, 3].map(() => closing(Semaphore.open(name))) as [
      Semaphore,
      Semaphore,
      Semaphore,
    ];
    assert.deepEqual([holder.tryAcquire(), other.tryAcquire()], [true, true]);
    actBetweenLooks(
      seats,
      "tryAcquire",
      () => holder.release(),
      () => assert.ok(heir.tryAcquire()),
    );
    const waiting = seats.acquire();
    assert.ok(await isPending(waiting));
    heir.close(); // as its death
    assert.equal(await soon(waiting, "the dead one's permit"), true);
  });

  it("of owned permits tells a blocking waiter of the death of any of many holders at once", {
    timeout: 60_000,
  }, async () => {
    const { name } = make(Semaphore, "any", { value: 6, owned: true });
    const peers = await Promise.all(Array.from({ length: 7 }, () => SyncPeer.start("Semaphore", name)));
    const [waiter, ...holders] = peers as [SyncPeer, ...SyncPeer[]];
    for (const holder of holders) assert.equal(await holder.call("object acquireSync"), "true");
    const delays: number[] = [];
    for (const holder of holders.slice(1)) {
      waiter.begin("object acquireSync");
      await sleep(130);
      const before = sleepsOf(waiter.pid);
      await until(() => sleepsOf(waiter.pid) !== before, "it has come up to look, and sleeps again");
      const start = performance.now();
      void holder.kill();
      assert.equal(await waiter.answer(), "true");
      delays.push(performance.now() - start);
    }
    assert.ok(Math.min(...delays) < 30, `told after ${delays} ms`); // who only comes up is told 50 later; a busy machine, too
  });

  it("of owned permits refuses to wait for ever for what only its own thread holds", async () => {
    const { name, it: seats } = make(Semaphore, "self", { value: 2, owned: true });
    const other = closing(Semaphore.open(name));
    seats.acquireSync();
    seats.acquireSync();
    assert.throws(() => seats.acquireSync(), code("EDEADLK"));
    assert.equal(seats.acquireSync({ timeoutMs: 15 }), false);
    seats.release();
    other.acquireSync();
    for (const each of [seats, other]) assert.throws(() => each.acquireSync(), code("EDEADLK"));
    const waiting = seats.acquire();
    assert.ok(await isPending(waiting, 20));
    seats.release();
    assert.equal(await soon(waiting, "our own permit"), true);
    other.close();
    assert.equal(seats.acquireSync(), true);
    seats.release(2);
    const holder = await SyncPeer.start("Semaphore", name);
    assert.equal(await holder.call("object acquireSync"), "true");
    seats.acquireSync();
    void holder.kill();
    assert.equal(seats.acquireSync(), true, "it is no deadlock as long as one is somebody else's");
  });

  it("of owned permits gives back only what was taken here", () => {
    const { name, it: seats } = make(Semaphore, "mine", { value: 2, owned: true });
    const other = closing(Semaphore.open(name));
    seats.tryAcquire();
    assert.throws(() => other.release(), code("EPERM"));
    assert.throws(() => seats.release(2), code("EPERM"));
    assert.equal(seats.value, 1);
    seats.release();
    assert.throws(() => seats.release(), code("EPERM"));
    assert.equal(seats.value, 2);
  });

  it("keeps within its limits", () => {
    const { it: seats } = make(Semaphore, "limits", { value: 2 ** 31 - 2 });
    seats.release();
    assert.throws(() => seats.release(), code("EOVERFLOW"));
    assert.equal(seats.value, 2 ** 31 - 1);
    assert.throws(() => seats.release(0), RangeError);
    assert.throws(() => seats.release(1.5), RangeError);
    for (const value of [-1, 2 ** 31, 0.5])
      assert.throws(() => Semaphore.create(uniqueName("no"), { value }), RangeError);
    assert.throws(() => Semaphore.create(uniqueName("no"), { value: 1025, owned: true }), RangeError);
    assert.throws(() => Semaphore.create(uniqueName("no"), { owned: "yes" as unknown as boolean }), TypeError);
    const { it: many } = make(Semaphore, "many", { value: 1024, owned: true });
    assert.equal(many.value, 1024);
    assert.deepEqual([Semaphore.byteSize(), Semaphore.byteSize({ value: 33, owned: true })], [128, 384]);
  });

  it("closed rejects who waits", async () => {
    const { it: seats } = make(Semaphore, "closed", { value: 0 });
    const waiting = seats.acquire();
    seats.close();
    await assert.rejects(waiting, code("EBADF"));
    assert.throws(() => seats.release(), code("EBADF"));
    assert.throws(() => seats.value, code("EBADF"));
    await assert.rejects(seats.acquire(), code("EBADF"));
  });

  it("over memory, closed, gives its owned permits back, though its participant lives", async () => {
    const memory = closing(SharedMemory.create(uniqueName("over"), { size: 16384, unlinkOnClose: true }));
    const participants = closing(Participants.over(memory, 0));
    const at = Participants.byteSize();
    const seats = closing(Semaphore.over(memory, at, { participants, value: 2, owned: true }));
    const peer = await SyncPeer.start("Semaphore", memory.name ?? "", { offset: at });
    const other = closing(Semaphore.over(memory, at, { participants }));
    assert.deepEqual([seats.tryAcquire(), other.tryAcquire(), await peer.call("object value")], [true, true, "0"]);
    peer.begin("object acquire");
    await sleep(60);
    other.close();
    assert.equal(await peer.answer(), "true");
    assert.equal(seats.tryAcquire(), false);
  });

  it("over memory, laid again without its amounts, has room and bytes of its own for all of its owned permits", () => {
    const memory = closing(SharedMemory.anonymous({ size: 65536 }));
    const participants = closing(Participants.over(memory, 0));
    const at = 32768;
    Semaphore.over(memory, at, { participants, value: 100, owned: true }).close();
    const seats = closing(Semaphore.over(memory, at, { participants }));
    assert.equal(seats.value, 100);
    const beside = [at + 128, at + 512];
    for (const offset of beside) assert.throws(() => Mutex.over(memory, offset, { participants }), /semaphore/);
    closing(Mutex.over(memory, at + Semaphore.byteSize({ value: 100, owned: true }), { participants }));
    seats.close();
    const mutex = closing(Mutex.over(memory, at + 128, { participants }));
    assert.throws(() => Semaphore.over(memory, at, { participants }), /mutex/);
    mutex.close();
    const words = new Int32Array(memory.buffer, memory.size - 256);
    Semaphore.over(memory, memory.size - 256, { participants, value: 32, owned: true }).close();
    words[2] = 33;
    assert.throws(() => Semaphore.over(memory, memory.size - 256, { participants }), /does not fit/);
  });

  it("closes also where another object of its participant has released what it took", () => {
    const memory = closing(SharedMemory.anonymous({ size: 16384 }));
    const participants = closing(Participants.over(memory, 0));
    const at = Participants.byteSize();
    const seats = Semaphore.over(memory, at, { participants, value: 2, owned: true });
    const other = closing(Semaphore.over(memory, at, { participants }));
    assert.ok(seats.tryAcquire());
    other.release();
    seats.close();
    assert.equal(other.value, 2);
    assert.ok(other.tryAcquire());
    assert.equal(other.value, 1);
  });
});
