// Blocking waits that only the thread which would sleep could end: refused, where nothing else would end them.

import assert from "node:assert/strict";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, afterEach, describe, it } from "node:test";
import { Barrier, LatestValue, Mutex, Once, Peer, RwLock, Semaphore, SpscRing, type WaitOptions } from "../../mod.ts";
import { type ObjectClass, SharedObject } from "../../src/sync/shared_object.ts";
import { cleanUp, projectRoot, temporaryDirectory, uniqueName } from "../support/mod.ts";
import { closeAll, closing, make } from "../sync/scene.ts";

const deadlock = { name: "IpcError", code: "EDEADLK", message: /only this thread could end the wait/ };

/** Two objects of one name, each a participant of its own. */
function pair<T extends { close(): void }, O>(Kind: ObjectClass<T, O>, options?: O): [T, T] {
  const { name, it: first } = make(Kind, "thread", options);
  return [first, closing(SharedObject.open.call<ObjectClass<T, O>, [string], T>(Kind, name))];
}

/** The library once more in this thread, as after a reload, with the same image of the shim. */
async function loadCopy(): Promise<typeof import("../../mod.ts")> {
  const folder = temporaryDirectory();
  for (const part of ["mod.ts", "package.json", "src"]) {
    cpSync(projectRoot + part, join(folder, part), { recursive: true });
  }
  for (const part of ["native", "node_modules"]) symlinkSync(projectRoot + part, join(folder, part)); // koffi is there
  return await import(join(folder, "mod.ts"));
}

/** Without a timeout it is refused, and with one it times out. */
function checkWait(wait: (options?: WaitOptions) => unknown, timedOut: unknown): void {
  assert.throws(() => wait(), deadlock);
  assert.equal(wait({ timeoutMs: 5 }), timedOut);
  assert.throws(() => wait(), deadlock, "again");
}

describe("a blocking wait without a timeout, for somebody of the same thread", () => {
  afterEach(closeAll);
  after(cleanUp);

  it("is refused by a mutex, which is free afterwards", () => {
    const [first, second] = pair(Mutex);
    const guard = first.lockSync();
    checkWait((options) => second.lockSync(options), undefined);
    guard?.unlock();
    second.lockSync()?.unlock();
    assert.equal(first.isLocked, false);
  });

  it("is refused by a reader-writer lock, whoever prefers whom", () => {
    for (const preferReaders of [false, true]) {
      const [first, second] = pair(RwLock, { preferReaders });
      const writer = first.writeSync();
      checkWait((options) => second.readSync(options), undefined);
      checkWait((options) => second.writeSync(options), undefined);
      writer?.unlock();
      const reader = first.readSync();
      checkWait((options) => second.writeSync(options), undefined);
      second.readSync()?.unlock();
      reader?.unlock();
      second.writeSync()?.unlock();
    }
  });

  it("is refused by owned permits, a barrier and a once", async () => {
    const [seats, others] = pair(Semaphore, { value: 1, owned: true });
    seats.acquireSync();
    checkWait((options) => others.acquireSync(options), false);
    const [barrier, late] = pair(Barrier, { parties: 2 });
    for (const member of [barrier, late]) member.join();
    checkWait((options) => barrier.arriveSync(options), undefined);
    assert.equal(late.arriveSync(), 1);
    const [once, again] = pair(Once);
    const running = once.run(() => Promise.resolve());
    await Promise.resolve();
    checkWait((options) => again.runSync(assert.fail, options), false);
    assert.equal(await running, true);
  });

  it("is refused by a peer that is this thread's participant or this process", () => {
    const [mutex, other] = pair(Mutex);
    const guard = mutex.lockSync();
    const holder = other.holder() as Peer;
    checkWait((options) => holder.diedSync(options), false);
    const ring = closing(SpscRing.create(uniqueName("thread"), { capacity: 64, unlinkOnClose: true }));
    ring.producer();
    const producer = ring.holder("producer") as Peer;
    checkWait((options) => producer.diedSync(options), false);
    const own = closing(Peer.ofPid(process.pid));
    checkWait((options) => own.diedSync(options), false);
    guard?.unlock();
    mutex.close();
    assert.equal(holder.diedSync(), true);
  });

  it("is refused where another copy of the library, loaded before a reload, holds what is waited for", async () => {
    const { name, it: mutex } = make(Mutex, "reloaded");
    const copy = await loadCopy();
    const other = closing(copy.Mutex.open(name));
    const guard = mutex.lockSync();
    checkWait((options) => other.lockSync(options), undefined);
    guard?.unlock();
    const its = other.lockSync();
    checkWait((options) => mutex.lockSync(options), undefined);
    its?.unlock();
    mutex.lockSync()?.unlock();
  });

  it("is refused by an empty ring, a full one and a latest value", () => {
    const ring = closing(SpscRing.create(uniqueName("thread"), { capacity: 64, unlinkOnClose: true }));
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    checkWait((options) => consumer.receiveSync(options), undefined);
    while (producer.trySend(new Uint8Array(8)));
    checkWait((options) => producer.sendSync(new Uint8Array(8), options), false);
    const latest = closing(LatestValue.create(uniqueName("thread"), { size: 8, unlinkOnClose: true }));
    const [writer, reader] = [latest.writer(), latest.reader()];
    checkWait((options) => reader.nextSync(options), undefined);
    writer.write(new Uint8Array(8));
    assert.equal(reader.nextSync()?.length, 8);
  });

  it("is not refused where nobody is there yet, nor to who waits for a change that others make", () => {
    const ring = closing(SpscRing.create(uniqueName("thread"), { capacity: 64, unlinkOnClose: true }));
    assert.equal(ring.consumer().receiveSync({ timeoutMs: 5 }), undefined);
    const seats = closing(Semaphore.create(uniqueName("thread"), { value: 0, unlinkOnClose: true }));
    assert.equal(seats.acquireSync({ timeoutMs: 5 }), false);
  });
});
