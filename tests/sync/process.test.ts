// Locks and the process: what keeps it alive, what Workers hold, kernels that refuse.

import assert from "node:assert/strict";
import process from "node:process";
import { after, afterEach, describe, it } from "node:test";
import { Barrier, Mutex, RwLock, Semaphore } from "../../mod.ts";
import { compileC, ownRuntime, runPeer, spawnPeer, uniqueName } from "../support/mod.ts";
import { launcher } from "../wait/refused_launcher.ts";
import { cleanUpPeers, closeAll, isPending, make, SyncPeer, soon } from "./scene.ts";

const pendingPeer = new URL("./peer_pending.ts", import.meta.url);
const keepingPeer = new URL("./peer_keeping.ts", import.meta.url);
const workersPeer = new URL("./peer_workers.ts", import.meta.url);
describe("a process", () => {
  after(cleanUpPeers);

  it("ends when only unref'd waits are pending", async () => {
    const end = await runPeer(ownRuntime, pendingPeer, ["unref", uniqueName("unref")], { timeoutMs: 30_000 });
    assert.deepEqual([end.code, end.signal, end.stderr, end.stdout], [0, null, "", "waiting\n"]);
  });

  it("lives on for each pending wait until it has ended", async () => {
    const end = await runPeer(ownRuntime, pendingPeer, ["ref", uniqueName("ref"), 40], { timeoutMs: 30_000 });
    assert.deepEqual([end.code, end.stderr], [0, ""]);
    const kinds = ["mutex", "read", "write", "semaphore", "event", "barrier", "once", "file", "word", "condition"];
    assert.equal(end.stdout, ["waiting", ...kinds, ""].join("\n"));
  });

  for (const mode of ["queued", "spurious", "control"]) {
    it(`lives on for a wait that was ref'd when it began: ${mode}`, async () => {
      const end = await runPeer(ownRuntime, keepingPeer, [mode, uniqueName(mode)], { timeoutMs: 30_000 });
      assert.deepEqual([end.code, end.stderr, end.stdout], [0, "", "set\n"]);
    });
  }

  it("lives on for a wait without a timeout", async () => {
    const peer = spawnPeer(ownRuntime, pendingPeer, ["ref", uniqueName("forever")]);
    assert.equal(await peer.line(), "waiting");
    assert.ok(await isPending(peer.ended, 500));
    peer.kill();
    await peer.ended;
  });
});

describe("a holder that becomes another program by execve(2)", () => {
  afterEach(closeAll);
  after(cleanUpPeers);
  const skip = "execve" in process ? false : "this runtime has no execve";

  it("is dead, though its process lives on", { skip }, async () => {
    const { name, it: mutex } = make(Mutex, "exec");
    const holder = spawnPeer(ownRuntime, new URL("./peer_exec.ts", import.meta.url), [name]);
    await holder.lineOf("locked");
    const guard = await soon(mutex.lock(), "the mutex");
    assert.deepEqual([guard.recovered?.pid, holder.child.exitCode], [holder.pid, null]);
    guard.repaired();
    guard.unlock();
    holder.kill();
    await holder.ended;
  });
});

describe("a Worker", () => {
  after(cleanUpPeers);

  for (const scenario of ["contended", "terminated", "ended"]) {
    it(`is a participant of its own: ${scenario}`, async () => {
      const end = await runPeer(ownRuntime, workersPeer, [scenario, uniqueName(scenario)], { timeoutMs: 30_000 });
      assert.deepEqual([end.code, end.signal, end.stdout.trim()], [0, null, "right"], end.stderr);
    });
  }
});

describe("the death of a holder without robust lists", () => {
  afterEach(closeAll);
  after(cleanUpPeers);
  const start = (kind: string, name: string) =>
    SyncPeer.start(kind, name, { wrapper: [compileC(launcher), "set_robust_list=ENOSYS", "--"] });

  it("is told by a mutex", async () => {
    const { name, it: mutex } = make(Mutex, "robust");
    const holder = await start("Mutex", name);
    assert.equal(await holder.call("object lock"), "guard -");
    assert.equal(mutex.tryLock(), undefined);
    const waiting = mutex.lock();
    assert.ok(await isPending(waiting));
    await holder.kill();
    assert.equal((await soon(waiting, "the mutex")).recovered?.pid, holder.pid);
  });

  it("lets a writer in where it read", async () => {
    const { name, it: lock } = make(RwLock, "robust");
    const reader = await start("RwLock", name);
    await reader.call("object read");
    const waiting = lock.write();
    assert.ok(await isPending(waiting));
    await reader.kill();
    (await soon(waiting, "the lock")).unlock();
  });

  it("gives its permit back", async () => {
    const { name, it: seats } = make(Semaphore, "robust", { owned: true });
    const holder = await start("Semaphore", name);
    await holder.call("object acquire");
    const waiting = seats.acquire();
    assert.ok(await isPending(waiting));
    await holder.kill();
    assert.equal(await soon(waiting, "the permit"), true);
  });

  it("is not waited for by a barrier", async () => {
    const { name, it: barrier } = make(Barrier, "robust", { parties: 2 });
    const member = await start("Barrier", name);
    await member.call("object join");
    barrier.join();
    member.begin("object arrive");
    assert.equal(await soon(barrier.arrive(), "the first phase"), 1);
    assert.equal(await member.answer(), "1");
    const waiting = barrier.arrive();
    assert.ok(await isPending(waiting));
    await member.kill();
    assert.equal(await soon(waiting, "the phase"), 2);
  });
});
