// Event and Condition: flags and notifications between processes, without lost wake-ups.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { Condition, Event, Mutex, type MutexGuard } from "../../mod.ts";
import { sleep, uniqueName, until } from "../support/mod.ts";
import { cleanUpPeers, closeAll, closing, isPending, make, SyncPeer, soon } from "./scene.ts";

const code = (text: string) => ({ name: "IpcError", code: text });

describe("an event", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  it("stays set until it is reset, and lets everybody through", async () => {
    const { name, it: event } = make(Event, "manual");
    const peers = await Promise.all([1, 2, 3].map(() => SyncPeer.start("Event", name)));
    for (const [index, peer] of peers.entries()) peer.begin(index % 2 === 0 ? "object wait" : "object waitSync");
    const waits = [event.wait(), event.wait()];
    assert.ok(await isPending(Promise.race(waits)));
    assert.deepEqual([event.isSet, event.tryWait()], [false, false]);
    event.set();
    assert.deepEqual(await soon(Promise.all(waits), "our waits"), [true, true]);
    for (const peer of peers) assert.equal(await peer.answer(), "true");
    assert.deepEqual([event.isSet, event.tryWait(), event.waitSync(), await event.wait()], [true, true, true, true]);
    event.reset();
    assert.deepEqual([event.isSet, event.tryWait(), event.waitSync({ timeoutMs: 15 })], [false, false, false]);
  });

  it("with autoReset lets one through for each set, none lost", async () => {
    const { name, it: event } = make(Event, "auto", { autoReset: true });
    const peer = await SyncPeer.start("Event", name);
    event.set();
    event.set(); // as one
    assert.deepEqual([event.tryWait(), event.tryWait()], [true, false]);
    const order: number[] = [];
    const waits = [1, 2].map((number) => event.wait().then(() => order.push(number)));
    for (const expected of [1, 2]) {
      assert.equal(await peer.call("object set"), "undefined");
      await until(() => order.length >= expected, `${expected} are through`);
      await sleep(20);
      assert.deepEqual(order, [1, 2].slice(0, expected));
    }
    await soon(Promise.all(waits), "both");
    peer.begin("object waitSync");
    await sleep(20);
    event.set();
    assert.equal(await peer.answer(), "true");
    assert.equal(event.isSet, false);
  });

  it("passes a token to and fro in all forms, without losing a wake-up", async () => {
    const { name: there, it: go } = make(Event, "go", { autoReset: true });
    const { it: back } = make(Event, "back", { autoReset: true });
    const other = closing(Event.open(there));
    const echo = (async () => {
      for (let round = 0; round < 300; round++) {
        assert.equal(await other.wait({ timeoutMs: 5000 }), true);
        back.set();
      }
    })();
    for (let round = 0; round < 300; round++) {
      go.set();
      assert.equal(await back.wait({ timeoutMs: 5000 }), true);
    }
    await echo;
  });

  it("outlives the process that has set it", async () => {
    const { name, it: event } = make(Event, "killed");
    const peer = await SyncPeer.start("Event", name);
    await peer.call("object set");
    await peer.kill();
    assert.equal(await event.wait(), true);
  });

  it("ends waits by timeout, abort and close", async () => {
    const { it: event } = make(Event, "limits");
    assert.equal(await event.wait({ timeoutMs: 15 }), false);
    await assert.rejects(event.wait({ signal: AbortSignal.timeout(15) }), { name: "TimeoutError" });
    await assert.rejects(event.wait({ timeoutMs: Number.NaN }), RangeError);
    assert.throws(() => event.waitSync({ timeoutMs: -1 }), RangeError);
    assert.throws(() => Event.create(uniqueName("no"), { autoReset: 1 as unknown as boolean }), TypeError);
    const waiting = event.wait();
    event.close();
    await assert.rejects(waiting, code("EBADF"));
    for (const method of ["set", "reset", "tryWait", "waitSync"] as const)
      assert.throws(() => event[method](), code("EBADF"));
    assert.throws(() => event.isSet, code("EBADF"));
  });
});

describe("a condition", () => {
  afterEach(closeAll);
  after(cleanUpPeers);

  function makeCondition(label: string) {
    const { name, it: condition } = make(Condition, label);
    const mutex = closing(Mutex.create(`${name}-m`, { unlinkOnClose: true }));
    return { name, condition, mutex };
  }

  it("refuses a guard that was used up, and says so, also to be waited for", async () => {
    const { name, condition, mutex } = makeCondition("used");
    const guard = await mutex.lock();
    guard.unlock();
    const reason = "EPERM, operation not permitted (the guard that it was given was used up)";
    const refused = { code: "EPERM", message: `Cannot wait for condition ${name}: ${reason}` };
    assert.throws(() => condition.waitSync(guard), refused);
    await assert.rejects(condition.wait(guard), refused);
    assert.equal(mutex.isLocked, false);
  });

  it("does not wait with a mutex that was not repaired, which nobody can take to change something", async () => {
    for (const form of ["wait", "waitSync"] as const) {
      const { name, condition, mutex } = makeCondition(`lost-${form}`);
      const other = Mutex.open(`${name}-m`);
      other.lockSync();
      other.close(); // as if it had died
      const guard = mutex.lockSync();
      assert.ok(guard.recovered);
      const started = performance.now();
      const wait = async () => condition[form](guard, { timeoutMs: 10_000 });
      await assert.rejects(wait, code("ENOTRECOVERABLE"));
      assert.ok(performance.now() - started < 5000);
    }
  });

  it("wakes everybody, each with the mutex taken again", async () => {
    const { name, condition, mutex } = makeCondition("all");
    const peers = await Promise.all([1, 2, 3].map(() => SyncPeer.start("Condition", name)));
    for (const [index, peer] of peers.entries()) {
      assert.equal(await peer.call("mutex lock"), "guard -");
      peer.begin(index % 2 === 0 ? "object wait guard" : "object waitSync guard");
      await sleep(30);
    }
    const guard = await soon(mutex.lock(), "the mutex that the waiters gave back");
    condition.notifyAll();
    await sleep(30);
    assert.ok(
      peers.every(({ lines }) => lines === 1),
      "nobody goes on without the mutex",
    );
    guard.unlock();
    const turns = peers.map(async (peer) => {
      assert.equal(await peer.answer(), "guard - true");
      await peer.call("guard unlock");
    });
    await Promise.all(turns);
    const last = await soon(mutex.lock(), "the mutex after all");
    assert.ok(peers.every(({ lines }) => lines === 3));
    last.unlock();
  });

  it("does not miss a notification between unlocking and sleeping", async () => {
    const { name, condition, mutex } = makeCondition("between");
    const other = closing(Mutex.open(`${name}-m`));
    const same = closing(Condition.open(name));
    for (let round = 0; round < 50; round++) {
      const guard = mutex.lockSync();
      assert.ok(guard);
      const waiting = condition.wait(guard);
      const notifier = other.lockSync();
      same.notifyAll();
      notifier?.unlock();
      const result = await soon(waiting, `round ${round}`);
      assert.equal(result.notified, true);
      result.guard.unlock();
    }
  });

  it("does not wake for what was notified before", () => {
    const { condition, mutex } = makeCondition("before");
    condition.notifyAll();
    const guard = mutex.lockSync();
    assert.ok(guard);
    const result = condition.waitSync(guard, { timeoutMs: 20 });
    assert.equal(result.notified, false);
    assert.equal(mutex.isLocked, true);
    result.guard.unlock();
  });

  it("aborted rejects, and the mutex is free", async () => {
    const { condition, mutex } = makeCondition("abort");
    const guard = await mutex.lock();
    await assert.rejects(condition.wait(guard, { signal: AbortSignal.timeout(15) }), { name: "TimeoutError" });
    assert.equal(mutex.isLocked, false);
  });

  it("aborted behind the notification, while others hold the mutex, rejects all the same", async () => {
    const { name, condition, mutex } = makeCondition("behind");
    const peer = await SyncPeer.start("Condition", name);
    const guard = await mutex.lock();
    const controller = new AbortController();
    const waiting = condition.wait(guard, { signal: controller.signal, timeoutMs: 10 });
    assert.equal(await peer.call("mutex lock"), "guard -");
    await peer.call("object notifyAll");
    assert.ok(await isPending(waiting), "the timeout does not cover the mutex");
    controller.abort(new Error("enough"));
    await assert.rejects(soon(waiting, "the abort"), /enough/);
    assert.equal(await peer.call("guard unlock"), "undefined");
    assert.equal(mutex.isLocked, false);
  });

  it("refuses bad options and used-up guards while the mutex stays as it was", async () => {
    const { condition, mutex } = makeCondition("bad");
    const guard = await mutex.lock();
    assert.throws(() => condition.waitSync(guard, { timeoutMs: -1 }), RangeError);
    await assert.rejects(condition.wait(guard, { timeout: 1 } as object), TypeError);
    assert.equal(mutex.isLocked, true);
    for (const bad of [undefined, {}, mutex] as unknown as MutexGuard[]) {
      assert.throws(() => condition.waitSync(bad), /with the guard of a held Mutex/);
      await assert.rejects(condition.wait(bad), /with the guard of a held Mutex/);
    }
    guard.unlock();
    assert.throws(() => condition.waitSync(guard), code("EPERM"));
    await assert.rejects(condition.wait(guard), code("EPERM"));
    const next = await mutex.lock();
    const waiting = condition.wait(next);
    condition.close();
    await assert.rejects(waiting, code("EBADF"));
    assert.throws(() => condition.notifyAll(), code("EBADF"));
  });

  it("tells who waits that the holder of the mutex died", async () => {
    const { name, condition, mutex } = makeCondition("death");
    const peer = await SyncPeer.start("Condition", name);
    const guard = await mutex.lock();
    const waiting = condition.wait(guard);
    assert.equal(await peer.call("mutex lock"), "guard -");
    await peer.call("object notifyAll");
    assert.ok(await isPending(waiting));
    await peer.kill();
    const result = await soon(waiting, "the dead one's mutex");
    assert.deepEqual([result.notified, result.guard.recovered?.pid], [true, peer.pid]);
    result.guard.repaired();
    result.guard.unlock();
  });
});
