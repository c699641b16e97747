// Barrier and Once: phases that do not wait for the dead, and what exactly one process does.

import assert from "node:assert/strict";
import process from "node:process";
import { after, afterEach, describe, it } from "node:test";
import { Barrier, Once, Participants, SharedMemory } from "../../mod.ts";
import { BARRIER_PHASE } from "../../src/sync/layout.ts";
import { sleep, uniqueName } from "../support/mod.ts";
import { cleanUpPeers, closeAll, closing, isPending, make, SyncPeer, soon } from "./scene.ts";

const code = (text: string) => ({ name: "IpcError", code: text });

describe("a barrier", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  async function withPeers(label: string, parties: number, count: number) {
    const { name, it: barrier } = make(Barrier, label, { parties });
    const peers = await Promise.all(Array.from({ length: count }, () => SyncPeer.start("Barrier", name)));
    for (const peer of peers) await peer.call("object join");
    return { name, barrier, peers };
  }

  it("lets its members through together, phase by phase", async () => {
    const { barrier, peers } = await withPeers("phases", 4, 3);
    barrier.join();
    for (let phase = 1; phase <= 10; phase++) {
      for (const [index, peer] of peers.entries()) peer.begin(index % 2 === 0 ? "object arrive" : "object arriveSync");
      if (phase === 1) await sleep(50);
      assert.ok(peers.every(({ lines }) => lines === phase));
      assert.equal(await soon(barrier.arrive(), `phase ${phase}`), phase);
      for (const peer of peers) assert.equal(await peer.answer(), `${phase}`);
    }
  });

  it("waits for its parties in the first phase, and for those who are members after it", async () => {
    const { name, it: barrier } = make(Barrier, "parties", { parties: 2 });
    barrier.join();
    assert.equal(barrier.arriveSync({ timeoutMs: 20 }), undefined);
    const waiting = barrier.arrive();
    const other = closing(Barrier.open(name));
    other.join();
    assert.ok(await isPending(waiting));
    assert.equal(other.arriveSync(), 1);
    assert.equal(await soon(waiting, "the first phase"), 1);
    other.leave();
    assert.equal(barrier.arriveSync(), 2);
    other.join();
    other.join();
    assert.equal(barrier.arriveSync({ timeoutMs: 20 }), undefined);
    const again = barrier.arrive();
    other.leave();
    assert.equal(await soon(again, "without the one who left"), 3);
  });

  it("counts no party that has died before the first phase ends, had it arrived or not", async () => {
    for (const hasArrived of [false, true]) {
      const { name, it: barrier } = make(Barrier, "dead-party", { parties: 3 });
      const [dying, ...others] = [1, 2, 3].map(() => closing(Barrier.open(name))) as [Barrier, Barrier, Barrier];
      dying.join();
      if (hasArrived) dying.arrive().catch(() => {});
      dying.close(); // as its death
      barrier.join();
      others[0].join();
      const waiting = [barrier.arrive(), others[0].arrive()];
      assert.ok(await isPending(Promise.race(waiting)), `two living of three; the dead one had arrived: ${hasArrived}`);
      others[1].join();
      assert.equal(others[1].arriveSync(), 1);
      assert.deepEqual(await soon(Promise.all(waiting), "the first phase"), [1, 1]);
    }
  });

  it("does not wait for members that die, before or while it waits, though others are stopped", async () => {
    const { name, barrier, peers } = await withPeers("dead", 4, 3);
    const [first, second, third] = peers as [SyncPeer, SyncPeer, SyncPeer];
    barrier.join();
    await first.kill();
    second.begin("object arrive");
    third.begin("object arrive");
    await sleep(20);
    const late = closing(Barrier.open(name)); // the first phase needs four of them, and the dead one is none
    late.join();
    const waiting = barrier.arrive();
    assert.ok(await isPending(waiting));
    assert.equal(late.arriveSync(), 1);
    assert.equal(await soon(waiting, "the first phase"), 1);
    assert.deepEqual([await second.answer(), await third.answer()], ["1", "1"]);
    late.leave();
    const next = barrier.arrive();
    await second.beginToAwait("object arrive");
    await sleep(50);
    await second.stop(); // it has arrived, and tells nobody of a death
    assert.ok(await isPending(next));
    await third.kill();
    assert.equal(await soon(next, "the phase without the dead one"), 2);
    second.peer.kill("SIGCONT");
    assert.equal(await second.answer(), "2");
  });

  it("refuses who is no member, limits waits, and ends them when it closes", async () => {
    const { it: barrier } = make(Barrier, "limits", { parties: 2 });
    assert.throws(() => barrier.arriveSync(), code("EPERM"));
    await assert.rejects(barrier.arrive(), code("EPERM"));
    barrier.join();
    assert.equal(await barrier.arrive({ timeoutMs: 15 }), undefined);
    await assert.rejects(barrier.arrive({ signal: AbortSignal.timeout(15) }), { name: "TimeoutError" });
    for (const parties of [0, 129, 1.5]) assert.throws(() => Barrier.create(uniqueName("no"), { parties }), RangeError);
    const waiting = barrier.arrive();
    barrier.close();
    await assert.rejects(waiting, code("EBADF"));
    for (const method of ["join", "leave", "arriveSync"] as const)
      assert.throws(() => barrier[method](), code("EBADF"));
  });

  it("has not been arrived at by a call that was refused", async () => {
    const { name, it: barrier } = make(Barrier, "refused", { parties: 2 });
    const other = closing(Barrier.open(name));
    for (const member of [barrier, other]) member.join();
    await assert.rejects(barrier.arrive({ timeout: 1 } as object), TypeError);
    await assert.rejects(barrier.arrive({ signal: AbortSignal.abort() }), { name: "AbortError" });
    assert.throws(() => barrier.arriveSync({ timeoutMs: -1 }), RangeError);
    assert.equal(other.arriveSync({ timeoutMs: 20 }), undefined);
    assert.equal(barrier.arriveSync(), 1);
  });

  it("left while it is waited for there rejects with EPERM", async () => {
    const { it: barrier } = make(Barrier, "left", { parties: 2 });
    barrier.join();
    const waiting = barrier.arrive();
    barrier.leave();
    await assert.rejects(soon(waiting, "the end of the wait"), code("EPERM"));
  });

  it("goes on after its last phase, with those who are members", async () => {
    const memory = closing(SharedMemory.anonymous({ size: 16384 }));
    const at = Participants.byteSize();
    const lay = (options: { parties?: number }) => {
      const participants = closing(Participants.over(memory, 0));
      return closing(Barrier.over(memory, at, { participants, ...options }));
    };
    const [barrier, other] = [lay({ parties: 2 }), lay({})];
    for (const member of [barrier, other]) member.join();
    new Int32Array(memory.buffer, at + BARRIER_PHASE, 1)[0] = 2 ** 31 - 3;
    for (const phase of [2 ** 31 - 2, 2 ** 31 - 1, 1, 2])
      assert.deepEqual(await soon(Promise.all([barrier.arrive(), other.arrive()]), `phase ${phase}`), [phase, phase]);
    assert.equal(barrier.arriveSync({ timeoutMs: 20 }), undefined);
    other.leave(); // and ends the third
    assert.equal(barrier.arriveSync(), 4);
    new Int32Array(memory.buffer, at + BARRIER_PHASE, 1)[0] = -1; // nobody writes that
    other.join();
    assert.equal(barrier.arriveSync({ timeoutMs: 20 }), undefined, "a newcomer has not arrived");
  });

  it("over memory, closed, is left, though its participant lives", async () => {
    const memory = closing(SharedMemory.create(uniqueName("over"), { size: 16384, unlinkOnClose: true }));
    const participants = closing(Participants.over(memory, 0));
    const at = Participants.byteSize();
    const barrier = closing(Barrier.over(memory, at, { participants, parties: 2 }));
    const peer = await SyncPeer.start("Barrier", memory.name ?? "", { offset: at });
    barrier.join();
    await peer.call("object join");
    peer.begin("object arrive");
    assert.equal(await soon(barrier.arrive(), "the first phase"), 1);
    assert.equal(await peer.answer(), "1");
    peer.begin("object arrive");
    await sleep(50);
    barrier.close();
    assert.equal(await peer.answer(), "2");
  });
});

describe("a once", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  it("runs in exactly one of many processes", async () => {
    const { name, it: once } = make(Once, "one");
    const peers = await Promise.all([1, 2].map(() => SyncPeer.start("Once", name)));
    for (const [index, peer] of peers.entries())
      peer.begin(index % 2 === 0 ? "object run nothing" : "object runSync nothing");
    const mine = await once.run(() => sleep(20));
    const all = [String(mine), ...(await Promise.all(peers.map((peer) => peer.answer())))];
    assert.deepEqual(all.sort(), ["false", "false", "true"]);
    assert.equal(once.isDone, true);
    assert.equal(once.runSync(assert.fail), false);
  });

  it("makes the others wait until it is done", async () => {
    const { name, it: once } = make(Once, "wait");
    const other = closing(Once.open(name));
    let finish = () => {};
    const running = once.run(() => new Promise<void>((resolve) => (finish = resolve)));
    const waits = [other.run(assert.fail), once.run(assert.fail)];
    assert.ok(await isPending(Promise.race(waits)));
    assert.equal(other.runSync(assert.fail, { timeoutMs: 15 }), false);
    assert.equal(await other.run(assert.fail, { timeoutMs: 15 }), false);
    await assert.rejects(other.run(assert.fail, { signal: AbortSignal.timeout(15) }), { name: "TimeoutError" });
    assert.equal(once.isDone, false);
    assert.throws(() => once.runSync(assert.fail), code("EDEADLK"));
    assert.throws(() => once.runSync(assert.fail, { timeoutMs: -1 }), RangeError);
    finish();
    assert.deepEqual(await soon(Promise.all([running, ...waits]), "the others"), [true, false, false]);
  });

  it("passes on when its function throws, in both forms", async () => {
    const { name, it: once } = make(Once, "throws");
    const peer = await SyncPeer.start("Once", name);
    assert.match(await peer.call("object runSync failing"), /cannot be done/);
    await assert.rejects(
      once.run(() => Promise.reject(new RangeError("nor here"))),
      /nor here/,
    );
    assert.equal(once.isDone, false);
    assert.equal(await peer.call("object run nothing"), "true");
    assert.equal(once.isDone, true);
  });

  it("passes on when it is given what it cannot run to its end", async () => {
    const { it: once } = make(Once, "bad");
    assert.throws(() => once.runSync(async () => {}), /not an async one: use run/);
    assert.equal(once.isDone, false);
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    assert.throws(() => once.runSync(() => Promise.reject(new RangeError("for nobody"))), /not an async one: use run/);
    await sleep(10);
    process.off("unhandledRejection", onUnhandled);
    assert.deepEqual(unhandled, []);
    assert.equal(
      once.runSync(() => {}),
      true,
    );
    for (const bad of [undefined, {}] as unknown as (() => void)[]) {
      assert.throws(() => once.runSync(bad), /initialise must be a function/); // also where it would not be called
      await assert.rejects(once.run(bad), /initialise must be a function/);
    }
  });

  it("replaces an initialiser that dies, also while others wait", async () => {
    const { name, it: once } = make(Once, "dies");
    const peers = await Promise.all([SyncPeer.start("Once", name), SyncPeer.start("Once", name)]);
    await peers[0]?.beginToAwait("object run lasting");
    peers[1]?.begin("object runSync nothing");
    let count = 0;
    const waiting = once.run(() => void count++);
    assert.ok(await isPending(waiting));
    await peers[0]?.kill();
    const ran = [String(await soon(waiting, "our turn")), await peers[1]?.answer()];
    assert.deepEqual(ran.sort(), ["false", "true"]);
    assert.ok(count <= 1);
    assert.equal(once.isDone, true);
  });

  it("closed before its function has begun does not run it", async () => {
    const { name, it: once } = make(Once, "begun");
    const other = Once.open(name);
    const running = other.run(assert.fail);
    other.close();
    await assert.rejects(running, code("EBADF"));
    assert.equal(
      await soon(
        once.run(() => {}),
        "the next one",
      ),
      true,
    );
  });

  it("closed by its own function passes on", async () => {
    const { name, it: once } = make(Once, "closed");
    const other = Once.open(name);
    await assert.rejects(
      other.run(() => other.close()),
      code("EBADF"),
    );
    const third = Once.open(name);
    const failing = () => {
      third.close();
      throw new RangeError("after closing");
    };
    assert.throws(() => third.runSync(failing), /after closing/);
    assert.throws(() => third.isDone, code("EBADF"));
    assert.equal(
      once.runSync(() => {}),
      true,
    );
  });
});
