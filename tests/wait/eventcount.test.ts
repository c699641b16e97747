// Eventcount: who announces sleep is woken by whoever publishes afterwards; and deadlines.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SharedMemory } from "../../mod.ts";
import { clockMonotonic, futexWait, waitEvent } from "../../src/sys/futex.ts";
import { deadlineAfter, deadlineOf, isPast, NEVER } from "../../src/wait/deadline.ts";
import { hasSleepers, notifyAll, prepareToSleep } from "../../src/wait/eventcount.ts";
import { cleanUp, least, ownRuntime, sleep, spawnPeer, uniqueName } from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);
const EAGAIN = -11;
const ETIMEDOUT = -110;

function word(value = 0) {
  const memory = SharedMemory.create(uniqueName("word"), { size: 4096, unlinkOnClose: true });
  const words = new Int32Array(memory.buffer);
  words[3] = value;
  return { memory, words, address: memory.address + 12 };
}

describe("an eventcount", () => {
  after(cleanUp);

  it("says that nobody sleeps until somebody prepares to", () => {
    const { memory, words } = word();
    for (const isAtomic of [true, false]) assert.equal(hasSleepers(words, 3, isAtomic), false);
    const key = prepareToSleep(words, 3);
    assert.equal(words[3], key);
    for (const isAtomic of [true, false]) assert.equal(hasSleepers(words, 3, isAtomic), true);
    memory.close();
  });

  it("gives the same key to all who prepare before the next event", () => {
    const { memory, words } = word(40);
    assert.equal(prepareToSleep(words, 3), 41);
    assert.equal(prepareToSleep(words, 3), 41);
    memory.close();
  });

  it("changes with each event that somebody waits for, so that an old key does not sleep", () => {
    const { memory, words, address } = word();
    const key = prepareToSleep(words, 3);
    notifyAll(words, 3, address);
    assert.equal(hasSleepers(words, 3, true), false);
    assert.equal(futexWait(address, key, -1), EAGAIN);
    assert.equal(waitEvent(address, key, 0, -1), 0);
    memory.close();
  });

  it("stays as it is when nobody waits: notifying costs no write", () => {
    const { memory, words, address } = word(8);
    notifyAll(words, 3, address);
    assert.equal(words[3], 8);
    memory.close();
  });

  it("goes on past 2 ** 31 and 2 ** 32", () => {
    for (const start of [2 ** 31 - 2, -2]) {
      const { memory, words, address } = word(start);
      const keys = new Set<number>();
      for (let round = 0; round < 5; round++) {
        keys.add(prepareToSleep(words, 3));
        notifyAll(words, 3, address);
        assert.equal(hasSleepers(words, 3, true), false);
      }
      assert.equal(keys.size, 5);
      memory.close();
    }
  });

  it("wakes a sleeper in another process", async () => {
    const { memory, words, address } = word();
    const sleeper = spawnPeer(ownRuntime, peer, ["sleepOn", memory.name ?? "", 3]);
    assert.equal(await sleeper.line(), "sleeping");
    await sleep(50);
    assert.equal(hasSleepers(words, 3, true), true);
    notifyAll(words, 3, address);
    assert.equal(await sleeper.line(5000), "woken");
    await sleeper.ended;
    memory.close();
  });

  it("a sleep ends at its deadline, as it was asked on the monotonic clock", async () => {
    const { memory, words, address } = word();
    const key = prepareToSleep(words, 3);
    for (const wait of [
      futexWait,
      (...parts: [number, number, number]) => waitEvent(parts[0], parts[1], 0, parts[2]),
    ]) {
      const took = await least(500, () => {
        const begin = clockMonotonic();
        assert.equal(wait(address, key, begin + 30e6), ETIMEDOUT);
        return (clockMonotonic() - begin) / 1e6;
      });
      assert.ok(took >= 30 && took < 500, `${took} ms`);
    }
    assert.equal(futexWait(address, key, clockMonotonic() - 1), ETIMEDOUT);
    memory.close();
  });
});

describe("a deadline", () => {
  it("is never, unless a finite timeout is said", () => {
    assert.equal(deadlineOf(undefined, "x"), NEVER);
    assert.equal(deadlineOf({}, "x"), NEVER);
    assert.equal(deadlineAfter(undefined), NEVER);
    assert.equal(deadlineAfter(Number.POSITIVE_INFINITY), NEVER);
    assert.equal(isPast(NEVER), false);
  });

  it("is an instant in nanoseconds, fractions of milliseconds included", () => {
    const before = clockMonotonic();
    const deadline = deadlineOf({ timeoutMs: 60_000.5 }, "x");
    assert.ok(deadline >= before + 60_000.5e6 && deadline <= clockMonotonic() + 60_000.5e6);
    assert.equal(isPast(deadline), false);
    assert.equal(isPast(deadlineAfter(0)), true);
    assert.equal(isPast(clockMonotonic() - 1), true);
  });

  it("refuses what is no duration, and options that nobody knows", () => {
    const bad = (options: unknown) => options as { timeoutMs: number };
    assert.throws(() => deadlineOf(bad({ timeoutMs: "1" }), "receiveSync"), TypeError);
    assert.throws(() => deadlineOf(bad({ timeoutMs: null }), "receiveSync"), TypeError);
    assert.throws(() => deadlineOf({ timeoutMs: -1 }, "receiveSync"), RangeError);
    assert.throws(() => deadlineOf(bad({ timeout: 1 }), "receiveSync"), {
      name: "TypeError",
      message: /receiveSync.*timeout/,
    });
  });
});
