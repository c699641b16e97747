// Condition, owned permits, Once and Barrier between C and the runtimes: woken both ways, and deaths that free the others.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { after, afterEach, describe, it } from "node:test";
import { Barrier, Condition, Mutex, Once, Participants, Semaphore, SharedMemory } from "../../mod.ts";
import { cleanUp, mainRuntimes, runtimeNamed, sleep, uniqueName } from "../support/mod.ts";
import { cleanUpPeers, closeAll, closing, isPending, make, SyncPeer, soon } from "../sync/scene.ts";
import {
  CCaller,
  EAGAIN,
  EBUSY,
  EDEADLK,
  EINVAL,
  EIO,
  ENOTRECOVERABLE,
  EOVERFLOW,
  EPERM,
  ETIMEDOUT,
  RECOVERED,
  YOURS,
} from "./c_caller.ts";

/** A condition, and its mutex, which has its name and "-m". */
function makeCondition(label: string): { name: string; condition: Condition; mutex: Mutex } {
  const { name, it: condition } = make(Condition, label);
  return { name, condition, mutex: closing(Mutex.create(`${name}-m`, { unlinkOnClose: true })) };
}

/** All members of one phase arrive; what each answered. */
async function arriveAll(
  barrier: Barrier,
  peers: readonly SyncPeer[],
  callers: readonly CCaller[],
): Promise<unknown[]> {
  const own = barrier.arrive();
  for (const [index, peer] of peers.entries()) peer.begin(index % 2 === 0 ? "object arrive" : "object arriveSync");
  for (const c of callers) c.begin("arrive -1");
  const answers = [await soon(own, "the phase")];
  for (const other of [...peers, ...callers]) answers.push(Number(await other.answer()));
  return answers;
}

describe("objects between C and", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  it("whom the kernel cannot mark as dead, since a file was cut that it opened later: it is found all the same", async () => {
    const { name } = make(Mutex, "c-unmarked");
    const { name: later } = make(Mutex, "c-unmarked-later");
    const [holder, c] = [await SyncPeer.start("Mutex", name), await CCaller.start("MUTX", name)];
    assert.equal(await holder.call("object lock"), "guard -");
    assert.equal(await holder.call(`open Mutex ${later}`), "ready");
    truncateSync(`/dev/shm${later}`, 0);
    c.begin("lock -1");
    await sleep(100);
    await holder.kill();
    assert.equal(await c.answer(), RECOVERED);
  });

  it("whom nobody can notify: a condition is not waited for with a mutex that was not repaired", async () => {
    const { name, mutex } = makeCondition("c-lost");
    const holder = await SyncPeer.start("Mutex", `${name}-m`);
    assert.equal(await holder.call("object lock"), "guard -");
    await holder.kill();
    const c = await CCaller.start("COND", name);
    assert.deepEqual(await c.calls("lock -1", "wait -1"), [RECOVERED, ENOTRECOVERABLE]);
    assert.throws(() => mutex.tryLock(), { code: "ENOTRECOVERABLE" });
  });

  for (const runtime of ["bun", "deno", "node26"].map(runtimeNamed)) {
    it(`${runtime.name}: a condition is notified from both sides, and the mutex heals`, async () => {
      const { name } = makeCondition("c-condition");
      const [ours, c] = [await SyncPeer.start("Condition", name, { runtime }), await CCaller.start("COND", name)];
      for (const form of ["wait", "waitSync"]) {
        assert.equal(await ours.call("mutex lockSync"), "guard -");
        ours.begin(`object ${form} guard`);
        assert.deepEqual(await c.calls("lock -1", "notify", "unlock"), ["0", "0", "0"]);
        assert.equal(await ours.answer(), "guard - true");
        await ours.call("guard unlock");
      }
      assert.deepEqual(await c.calls("wait 20", "lock -1", "wait 20", "unlock"), [EPERM, "0", ETIMEDOUT, "0"]);
      assert.equal(await c.call("lock -1"), "0");
      c.begin("wait -1");
      assert.equal(await ours.call("mutex lockSync"), "guard -"); // given back meanwhile
      await sleep(50);
      await ours.call("object notifyAll");
      await ours.kill(); // in possession
      assert.equal(await c.answer(), RECOVERED);
      assert.deepEqual(await c.calls("dead", "repaired", "unlock"), [`${ours.pid}`, "0", "0"]);
    });

    it(`${runtime.name}: owned permits come back from the dead`, async () => {
      const { name, it: seats } = make(Semaphore, "c-seats", { value: 2, owned: true });
      const [ours, c] = [await SyncPeer.start("Semaphore", name, { runtime }), await CCaller.start("SEMA", name)];
      assert.deepEqual(await c.calls("acquire -1", "try", "try", "acquire 20"), ["0", "0", EAGAIN, ETIMEDOUT]);
      assert.equal(await ours.call("object tryAcquire"), "false");
      ours.begin("object acquire");
      assert.equal(await c.call("release 1"), "0");
      assert.equal(await ours.answer(), "true");
      c.begin("acquire -1"); // its second one
      await sleep(50);
      await ours.kill();
      assert.equal(await c.answer(), "0");
      assert.equal(seats.value, 0);
      const [first, second] = [seats.acquire(), await SyncPeer.start("Semaphore", name, { runtime })];
      second.begin("object acquireSync");
      assert.ok(await isPending(first));
      await c.kill();
      assert.deepEqual([await soon(first, "a permit of the dead"), await second.answer()], [true, "true"]);
    });

    it(`${runtime.name}: what one has initialised the other sees, and a dead initialiser is replaced`, async () => {
      const { name } = make(Once, "c-once");
      const [ours, c] = [await SyncPeer.start("Once", name, { runtime }), await CCaller.start("ONCE", name)];
      assert.deepEqual(await c.calls("begin -1", "begin -1", "try"), [YOURS, EDEADLK, EDEADLK]);
      ours.begin("object run lasting");
      await sleep(50);
      await c.kill();
      const other = await CCaller.start("ONCE", name);
      while ((await other.call("try")) === YOURS) await other.call("give-up"); // until ours is at it, which does not end
      assert.equal(await other.call("begin 20"), ETIMEDOUT);
      other.begin("begin -1");
      await sleep(50);
      await ours.kill();
      assert.equal(await other.answer(), YOURS);
      const last = await SyncPeer.start("Once", name, { runtime });
      last.begin("object runSync nothing");
      await sleep(50);
      assert.equal(await other.call("finish"), "0");
      assert.equal(await last.answer(), "false");
      assert.deepEqual(await other.calls("finish", "give-up", "begin -1", "is-done"), [EPERM, EPERM, "0", "1"]);
    });
  }

  it("all runtimes: a barrier lets its members through phase by phase, and waits for no dead one", async () => {
    const { name, it: barrier } = make(Barrier, "c-barrier", { parties: 7 });
    const peers = await Promise.all(mainRuntimes.map((runtime) => SyncPeer.start("Barrier", name, { runtime })));
    const callers = [await CCaller.start("BARR", name), await CCaller.start("BARR", name)] as const;
    assert.deepEqual(await callers[0].calls("arrive -1", "join", "join"), [EPERM, "0", "0"]);
    for (const peer of peers) await peer.call("object join");
    barrier.join();
    const first = arriveAll(barrier, peers, [callers[0]]);
    assert.ok(await isPending(first)); // for the seventh party
    assert.deepEqual(await callers[1].calls("join", "arrive -1"), ["0", "1"]);
    assert.deepEqual(await first, Array(6).fill(1));
    for (let phase = 2; phase <= 5; phase++)
      assert.deepEqual(await arriveAll(barrier, peers, callers), Array(7).fill(phase));
    const [dying, leaving, ...staying] = peers as [SyncPeer, SyncPeer, ...SyncPeer[]];
    const waiting = arriveAll(barrier, staying, [callers[0]]);
    await sleep(50);
    assert.equal(await callers[1].call("arrive 20"), ETIMEDOUT);
    await callers[1].kill(); // it has arrived
    await dying.kill();
    assert.ok(await isPending(waiting));
    await leaving.call("object leave");
    assert.deepEqual(await waiting, Array(4).fill(6));
    const without = arriveAll(barrier, staying, []);
    assert.ok(await isPending(without));
    assert.equal(await callers[0].call("leave"), "0");
    assert.deepEqual(await without, Array(3).fill(7));
    assert.equal(await callers[0].call("arrive -1"), EPERM);
  });
});

describe("a C peer", () => {
  afterEach(closeAll);
  after(cleanUp);

  it("is told by a death of a C member, and of one in JavaScript, that its phase has ended", async () => {
    const { name } = make(Barrier, "c-barrier-deaths", { parties: 1 });
    const [c, other, ours] = [
      await CCaller.start("BARR", name),
      await CCaller.start("BARR", name),
      await SyncPeer.start("Barrier", name),
    ];
    for (const member of [c, other]) await member.call("join");
    await ours.call("object join");
    c.begin("arrive -1");
    await sleep(50);
    await other.kill();
    await ours.kill();
    assert.equal(await c.answer(), "1");
  });

  it("gives permits by the number: counted ones up to 2 ** 31 - 1, owned ones that it has", async () => {
    const { name, it: counted } = make(Semaphore, "c-counted", { value: 0 });
    const { name: ownedName } = make(Semaphore, "c-owned", { value: 40, owned: true });
    const [c, owner] = [await CCaller.start("SEMA", name), await CCaller.start("SEMA", ownedName)];
    assert.deepEqual(await c.calls("release 0", "release -1", "release 3"), [EINVAL, EINVAL, "0"]);
    assert.equal(counted.value, 3);
    assert.deepEqual(await c.calls("release 2147483645", "release 2147483644"), [EOVERFLOW, "0"]);
    for (let permit = 0; permit < 40; permit++) assert.equal(await owner.call("try"), "0");
    assert.deepEqual(await owner.calls("try", "release 41", "release 40", "release 1"), [EAGAIN, EPERM, "0", EPERM]);
  });

  it("takes no permit behind the end of the memory, whatever the number of them says", async () => {
    const { name } = make(Semaphore, "c-permits", { value: 1, owned: true });
    const memory = closing(SharedMemory.open(name));
    new Int32Array(memory.buffer, 0x3000)[2] = 2 ** 31 - 1;
    const c = await CCaller.start("SEMA", name);
    const room = (memory.size - 0x3000 - 128) / 4;
    for (let permit = 0; permit < room; permit++) assert.equal(await c.call("try"), "0");
    assert.equal(await c.call("try"), EAGAIN);
  });

  it("initialises over any part of a memory, and what fails is done by the next one", async () => {
    const memory = closing(SharedMemory.create(uniqueName("c-over"), { size: 65536, unlinkOnClose: true }));
    const participants = Participants.over(memory, 0);
    const offset = 8192 + 128;
    const once = Once.over(memory, offset, { participants });
    const c = await CCaller.start("ONCE", memory.name as string, offset);
    assert.deepEqual(await c.calls("run 0", "is-done"), [EIO, "0"]);
    const running = once.run(() => Promise.reject(new RangeError("neither")));
    await assert.rejects(running, /neither/);
    assert.deepEqual(await c.calls("run 7", "run 8"), [YOURS, "0"]);
    assert.equal(
      once.runSync(() => {}),
      false,
    );
    assert.equal(new Int32Array(memory.buffer, offset + 128)[0], 7);
  });

  it("waits for a condition over any part of a memory", async () => {
    const memory = closing(SharedMemory.create(uniqueName("c-over"), { size: 65536, unlinkOnClose: true }));
    const participants = Participants.over(memory, 0);
    const condition = Condition.over(memory, 8192, { participants });
    const mutex = Mutex.over(memory, 8192 + 128, { participants });
    const c = await CCaller.start("COND", memory.name as string, 8192);
    assert.equal(await c.call("lock -1"), "0");
    c.begin("wait -1");
    const guard = await soon(mutex.lock(), "it has given the mutex back");
    condition.notifyAll();
    guard.unlock();
    assert.equal(await c.answer(), "0");
    assert.equal(mutex.tryLock(), undefined);
    const waiting = mutex.lock();
    assert.equal(await c.call("unlock"), "0");
    const result = condition.wait(await soon(waiting, "the mutex"));
    assert.deepEqual(await c.calls("lock -1", "notify", "unlock"), ["0", "0", "0"]);
    assert.equal((await soon(result, "the notification")).notified, true);
  });

  it("says busy where another one initialises", async () => {
    const { name, it: once } = make(Once, "c-once-busy");
    const c = await CCaller.start("ONCE", name);
    let finish = () => {};
    const running = once.run(() => new Promise<void>((resolve) => (finish = resolve)));
    assert.equal(await c.call("try"), EBUSY);
    c.begin("begin -1");
    await sleep(50);
    finish();
    assert.deepEqual([await c.answer(), await running], ["0", true]);
  });
});
