// Two objects of one participant over the same bytes: what they hold is counted together, and given back apart.

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Barrier, Once, Participants, RwLock, Semaphore, SharedMemory } from "../../mod.ts";
import type { ObjectClass } from "../../src/sync/shared_object.ts";
import { SharedObject } from "../../src/sync/shared_object.ts";
import { closeAll, closing, isPending, soon } from "./scene.ts";

const code = (text: string) => ({ name: "IpcError", code: text });
const AT = Participants.byteSize();

/** Two objects of one participant, one of another; `again` lays a further one of the first. */
function lay<T extends { close(): void }, O extends object>(Kind: ObjectClass<T, O>, options?: O) {
  const memory = closing(SharedMemory.anonymous({ size: 16384 }));
  const [ours, others] = [0, 0].map((offset) => closing(Participants.over(memory, offset)));
  const over = (participants = ours as Participants, more?: O) => {
    const all = { ...more, participants } as unknown as O & { participants: Participants };
    return closing(
      SharedObject.over.call<ObjectClass<T, O>, [SharedMemory, number, typeof all], T>(Kind, memory, AT, all),
    );
  };
  return { first: over(ours, options), second: over(), other: over(others), again: () => over(), ours };
}

describe("two objects of one participant", () => {
  afterEach(closeAll);

  it("read together, and none of them writes meanwhile", async () => {
    const { first, second, other } = lay(RwLock);
    const reader = first.readSync();
    assert.equal(second.tryWrite(), undefined);
    assert.throws(() => second.writeSync(), code("EDEADLK"));
    const another = second.readSync();
    reader?.unlock();
    assert.equal(other.tryWrite(), undefined);
    const upgrading = another?.upgrade();
    assert.equal(first.tryRead(), undefined);
    (await soon(upgrading as Promise<{ unlock(): void }>, "the upgrade")).unlock();
    assert.ok(other.tryWrite());
  });

  it("upgrade only when the other one has left", async () => {
    const { first, second } = lay(RwLock);
    const [reader, another] = [first.readSync(), second.readSync()];
    assert.equal(reader?.tryUpgrade(), undefined);
    const upgrading = reader?.upgrade() as Promise<unknown>;
    assert.ok(await isPending(upgrading));
    another?.unlock();
    await soon(upgrading, "the upgrade");
  });

  it("read until all of them are closed", () => {
    const { first, second, other, again } = lay(RwLock);
    for (const lock of [first, second, again()]) lock.readSync();
    again().close();
    first.close();
    second.close();
    assert.equal(other.tryWrite(), undefined);
    const third = again();
    assert.throws(() => third.writeSync(), code("EDEADLK"));
  });

  it("closed with their readers let a writer in", () => {
    const { first, second, other } = lay(RwLock);
    first.readSync();
    second.readSync();
    first.close();
    assert.equal(other.tryWrite(), undefined);
    second.close();
    assert.ok(other.tryWrite());
  });

  it("give back the permits that each has taken, when it closes", () => {
    const { first, second, other } = lay(Semaphore, { value: 2, owned: true });
    assert.ok(first.tryAcquire());
    second.release(); // what the first one took
    assert.ok(second.tryAcquire());
    first.close();
    assert.equal(other.value, 1);
    second.close();
    assert.equal(other.value, 2);
  });

  it("are one member of a barrier, until the last that joined has closed", async () => {
    const { first, second, other, again } = lay(Barrier, { parties: 2 });
    first.join();
    other.join();
    again().close(); // it had not joined
    assert.deepEqual(await soon(Promise.all([first.arrive(), other.arrive()]), "the first phase"), [1, 1]);
    second.join();
    first.close();
    const waiting = other.arrive();
    assert.ok(await isPending(waiting));
    assert.equal(second.arriveSync(), 2);
    assert.equal(await soon(waiting, "the second phase"), 2);
    second.close();
    assert.equal(other.arriveSync(), 3);
  });

  it("leave a barrier together", () => {
    const { first, second, other } = lay(Barrier, { parties: 1 });
    first.join();
    other.join();
    second.leave();
    assert.throws(() => first.arriveSync(), code("EPERM"));
    assert.equal(other.arriveSync(), 1);
    second.join();
    first.close();
    assert.equal(other.arriveSync({ timeoutMs: 20 }), undefined);
  });

  it("refuse to wait for what the other one is at", () => {
    const { first, second, other } = lay(Once);
    first.runSync(() => {
      assert.throws(() => second.runSync(assert.fail, { timeoutMs: 20 }), code("EDEADLK"));
      assert.equal(other.runSync(assert.fail, { timeoutMs: 20 }), false);
    });
    assert.equal(second.runSync(assert.fail), false);
  });

  it("closed before its function begins does not undo what the other one does", async () => {
    const { first, second } = lay(Once);
    const running = first.run(assert.fail);
    first.close();
    assert.equal(
      second.runSync(() => {}),
      true,
    );
    await assert.rejects(running, code("EBADF"));
    assert.equal(second.isDone, true);
  });

  it("of a participant that has joined anew hold nothing", () => {
    const { first, again, ours } = lay(RwLock);
    first.readSync();
    ours.close();
    assert.ok(again().tryWrite());
  });
});
