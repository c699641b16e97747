// Futex, FutexLock and SpinLock between C and JavaScript: the same word, woken both ways, a counted number of sleepers.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { Futex, FutexLock, SharedMemory, SpinLock } from "../../mod.ts";
import { queued } from "../support/asleep.ts";
import { cleanUp, sleep, uniqueName, until } from "../support/mod.ts";
import { closeAll, closing, isPending, soon } from "../sync/scene.ts";
import { CCaller, EAGAIN, EBUSY, EPERM, ETIMEDOUT } from "./c_caller.ts";

/** Behind room for a table of participants, which the C peer has in all memories. */
const OFFSET = 8192 + 64;

async function share(kind: "FUTX" | "SPIN", count = 1): Promise<{ memory: SharedMemory; callers: CCaller[] }> {
  const memory = closing(SharedMemory.create(uniqueName("c-word"), { size: 16384, unlinkOnClose: true }));
  const callers: CCaller[] = [];
  while (callers.length < count) callers.push(await CCaller.start(kind, memory.name as string, OFFSET));
  return { memory, callers };
}

describe("a word between C and JavaScript", () => {
  afterEach(closeAll);
  after(cleanUp);

  it("wakes as many as it is told to, and says how many, in both directions", async () => {
    const { memory, callers } = await share("FUTX", 4);
    const futex = Futex.over(memory, OFFSET);
    const [waker, ...sleepers] = callers as [CCaller, ...CCaller[]];
    const said = () => sleepers.filter(({ peer }) => peer.stdout.split("\n").length > 2).length;
    assert.deepEqual(await waker.calls("wait 20", "wake 1"), [ETIMEDOUT, "0"]);
    for (const sleeper of sleepers) await sleeper.beginToSleep("wait 60000");
    assert.equal(await waker.call("wake 2"), "2");
    await until(() => said() === 2, "two are awake");
    await sleep(50);
    assert.equal(said(), 2);
    assert.equal(futex.wake(5), 1);
    await until(() => said() === 3, "all are awake");
    const waits = [futex.wait(0), futex.wait(0)];
    await queued();
    assert.ok(await isPending(Promise.race(waits), 0));
    assert.equal(await waker.call("wake 1"), "1");
    await soon(Promise.race(waits), "one of ours");
    await queued();
    assert.ok(await isPending(Promise.all(waits), 0));
    assert.equal(await waker.call("wake 2147483647"), "1");
    await soon(Promise.all(waits), "all of ours");
    futex.store(1);
    assert.equal(await waker.call("wait -1"), EAGAIN);
  });

  it("is the same futex lock", async () => {
    const { memory, callers } = await share("FUTX");
    const [c] = callers as [CCaller];
    const lock = FutexLock.over(memory, OFFSET);
    assert.deepEqual(await c.calls("unlock", "lock -1", "try", "lock 20"), [EPERM, "0", EBUSY, ETIMEDOUT]);
    assert.equal(lock.tryLock(), undefined);
    const locking = lock.lock();
    assert.ok(await isPending(locking));
    assert.equal(await c.call("unlock"), "0");
    const guard = await soon(locking, "the lock");
    c.begin("lock -1");
    await sleep(50);
    guard.unlock();
    assert.equal(await c.answer(), "0");
  });

  it("is the same spin lock", async () => {
    const { memory, callers } = await share("SPIN");
    const [c] = callers as [CCaller];
    const lock = SpinLock.over(memory, OFFSET);
    assert.deepEqual(await c.calls("unlock", "lock -1", "try", "lock 20"), [EPERM, "0", EBUSY, ETIMEDOUT]);
    assert.deepEqual([lock.tryLock(), lock.lockSync({ timeoutMs: 5 })], [undefined, undefined]);
    assert.equal(await c.call("unlock"), "0");
    const guard = lock.lockSync();
    c.begin("lock -1");
    await sleep(50);
    guard.unlock();
    assert.equal(await c.answer(), "0");
    assert.equal(lock.isLocked, true);
  });
});
