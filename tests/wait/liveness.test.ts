// Peer: the death of processes and of holders of roles and locks, told to whoever waits, however it waits.

import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { Event, type IpcError, Mutex, Peer, SpscRing } from "../../mod.ts";
import {
  cleanUp,
  least,
  mainRuntimes,
  ownRuntime,
  runPeer,
  sleep,
  spawnPeer,
  spawnProgram,
  temporaryDirectory,
  uniqueName,
  within,
} from "../support/mod.ts";

const program = new URL("./liveness_peer.ts", import.meta.url);
const sleeper = () => spawnProgram("/bin/sleep", ["100"]);

describe("a peer", () => {
  after(cleanUp);

  it("of a process is told of its kill at once, by every form", async () => {
    const child = sleeper();
    const peer = Peer.ofPid(child.pid);
    assert.deepEqual([peer.pid, peer.isAlive], [child.pid, true]);
    assert.equal(await peer.died({ timeoutMs: 10 }), false);
    assert.equal(peer.diedSync({ timeoutMs: 10 }), false);
    const waits = [peer.died(), peer.died(), peer.died({ timeoutMs: 60_000 })];
    await sleep(20);
    child.kill();
    assert.deepEqual(await within(Promise.all(waits), 5000, "the death"), [true, true, true]);
    assert.equal(peer.isAlive, false);
    assert.deepEqual([await peer.died(), peer.diedSync()], [true, true]);
    await child.ended;
    assert.throws(() => Peer.ofPid(child.pid), { code: "ESRCH" });
    assert.equal(peer.isAlive, false);
    peer.close();
    const took = await least(1000, async () => {
      const another = sleeper();
      const its = Peer.ofPid(another.pid);
      const death = its.died();
      await sleep(20);
      const begin = performance.now();
      another.kill();
      await within(death, 5000, "another death");
      its.close();
      return performance.now() - begin;
    });
    assert.ok(took < 1000, `${took} ms`);
  });

  it("of a process that dies while this thread blocks", () => {
    const go = join(temporaryDirectory(), "go");
    const child = spawnProgram("/bin/sh", ["-c", 'while [ ! -e "$0" ]; do sleep 0.01; done; sleep 0.1', go]);
    const peer = Peer.ofPid(child.pid);
    writeFileSync(go, "");
    assert.equal(peer.diedSync({ timeoutMs: 10_000 }), true);
    peer.close();
  });

  it("of a process takes no processor time while this thread has not heard of its death", async () => {
    const child = sleeper();
    const peer = Peer.ofPid(child.pid);
    const waiting = peer.died();
    await sleep(20);
    child.kill();
    const before = process.cpuUsage();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 150_000, `${user + system} us of 300000`);
    assert.equal(await within(waiting, 5000, "the death"), true);
    peer.close();
  });

  it("that is stopped lives", async () => {
    const child = sleeper();
    const peer = Peer.ofPid(child.pid);
    child.kill("SIGSTOP");
    assert.equal(await peer.died({ timeoutMs: 100 }), false);
    assert.equal(peer.isAlive, true);
    child.kill("SIGKILL");
    assert.equal(await within(peer.died(), 5000, "the death"), true);
    peer.close();
  });

  it("ends any wait by its signal, with the typed error", async () => {
    const child = sleeper();
    const peer = Peer.ofPid(child.pid);
    const event = Event.create(uniqueName("event"), { unlinkOnClose: true });
    const signal = peer.deathSignal();
    assert.equal(signal, peer.deathSignal());
    const waiting = event.wait({ signal });
    await sleep(10);
    child.kill();
    await assert.rejects(within(waiting, 5000, "the wait"), {
      name: "PeerDiedError",
      code: "EOWNERDEAD",
      pid: child.pid,
    });
    await assert.rejects(event.wait({ signal }), { name: "PeerDiedError" });
    event.close();
    peer.close();
    const second = Peer.ofPid(process.pid);
    assert.equal(second.deathSignal().aborted, false);
    second.close();
  });

  for (const runtime of mainRuntimes) {
    it(`is the holder of a mutex and of a ring's role, until its ${runtime.name} process is killed`, async () => {
      const [mutexName, ringName] = [uniqueName(`mutex-${runtime.name}`), uniqueName(`ring-${runtime.name}`)];
      const mutex = Mutex.create(mutexName, { unlinkOnClose: true });
      const ring = SpscRing.create(ringName, { capacity: 64, unlinkOnClose: true });
      assert.deepEqual(
        [mutex.holder(), ring.holder("producer"), ring.holder("consumer")],
        [undefined, undefined, undefined],
      );
      const other = spawnPeer(runtime, program, [mutexName, ringName]);
      assert.equal(await other.line(), "holding");
      const peers = [mutex.holder(), ring.holder("producer")];
      for (const peer of peers) assert.deepEqual([peer?.pid, peer?.isAlive], [other.pid, true]);
      assert.equal(ring.holder("consumer"), undefined);
      assert.equal(peers[0]?.diedSync({ timeoutMs: 10 }), false);
      const waits = peers.map((peer) => peer?.died());
      await sleep(20);
      other.kill();
      assert.deepEqual(await within(Promise.all(waits), 5000, "the deaths"), [true, true]);
      assert.equal(peers[0]?.diedSync(), true);
      assert.equal(mutex.holder()?.isAlive, false);
      mutex.tryLock()?.unlock();
      assert.equal(mutex.holder(), undefined);
      for (const object of [mutex, ring]) object.close();
    });
  }

  it("that leaves in order is gone too, and a thread that blocks is told", async () => {
    const [mutexName, ringName, goName] = [uniqueName("mutex"), uniqueName("ring"), uniqueName("go")];
    const mutex = Mutex.create(mutexName, { unlinkOnClose: true });
    const ring = SpscRing.create(ringName, { capacity: 64, unlinkOnClose: true });
    const go = Event.create(goName, { unlinkOnClose: true });
    const other = spawnPeer(ownRuntime, program, [mutexName, ringName, goName]);
    assert.equal(await other.line(), "holding");
    const peer = ring.holder("producer");
    go.set();
    assert.equal(peer?.diedSync({ timeoutMs: 10_000 }), true);
    assert.equal((await other.ended).code, 0);
    for (const object of [mutex, ring, go]) object.close();
    assert.throws(() => peer?.isAlive, { code: "EBADF" });
  });

  it("rejects pending waits when it is closed, and when it is aborted", async () => {
    const peer = Peer.ofPid(process.pid);
    const controller = new AbortController();
    const [closed, aborted] = [peer.died(), peer.died({ signal: controller.signal })];
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    peer.close();
    peer.close();
    await assert.rejects(closed, { code: "EBADF" });
    await assert.rejects(peer.died(), { code: "EBADF" });
    for (const call of [() => peer.isAlive, () => peer.diedSync(), () => peer.deathSignal()]) {
      assert.throws(call, { code: "EBADF" });
    }
  });

  it("keeps its process alive only if it is ref'd", async () => {
    const child = sleeper();
    const other = spawnPeer(ownRuntime, program, ["ref", child.pid]);
    assert.equal(await other.line(), "waiting");
    assert.equal((await runPeer(ownRuntime, program, ["unref", child.pid])).stdout, "waiting\n");
    assert.equal(other.child.exitCode, null);
    child.kill();
    assert.equal(await other.line(), "true");
    assert.equal((await other.ended).code, 0);
  });

  it("costs one descriptor and no thread each, hundreds of them", { timeout: 30_000 }, async () => {
    const child = sleeper();
    const count = () => readdirSync("/proc/self/fd").length;
    const before = count();
    const peers = Array.from({ length: 300 }, () => Peer.ofPid(child.pid));
    const waits = peers.map((peer) => peer.died());
    assert.ok(count() <= before + 310, `${count()} descriptors, ${before} before`);
    child.kill();
    assert.deepEqual(new Set(await within(Promise.all(waits), 10_000, "hundreds of deaths")), new Set([true]));
    for (const peer of peers) peer.close();
    assert.ok(count() < before + 10);
  });

  it("refuses what is no process", async () => {
    for (const bad of [0, -1, 1.5, 2 ** 31]) assert.throws(() => Peer.ofPid(bad), RangeError);
    assert.throws(() => Peer.ofPid("1" as unknown as number), TypeError);
    assert.throws(() => Peer.ofPid(2 ** 30), { code: "ESRCH", syscall: "pidfd_open" });
    const thread = readdirSync("/proc/self/task")
      .map(Number)
      .find((id) => id !== process.pid) as number;
    assert.throws(
      () => Peer.ofPid(thread),
      (error: IpcError) => ["EINVAL", "ENOENT"].includes(error.code) && /it is a thread that/.test(error.message),
    );
    const ring = SpscRing.create(uniqueName("roles"), { capacity: 64, unlinkOnClose: true });
    assert.throws(() => ring.holder("writer" as "producer"), TypeError);
    ring.close();
    assert.throws(() => ring.holder("producer"), { code: "EBADF" });
  });
});
