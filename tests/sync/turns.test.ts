// Turns: loops of awaits that need no wait leave timers their turn, and calls keep their order.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, describe, it } from "node:test";
import {
  Barrier,
  Condition,
  Event,
  FileLock,
  FutexLock,
  LatestValue,
  Mutex,
  Participants,
  RwLock,
  Semaphore,
  SharedMemory,
} from "../../mod.ts";
import { cleanUp, temporaryDirectory, uniqueName } from "../support/mod.ts";
import { closeAll, closing, make, soon } from "./scene.ts";

/** More than anything takes until a turn. */
const MOST = 100_000;

/** Whether a timer fires while `step` is awaited again and again. */
async function leavesTurns(step: () => Promise<unknown>): Promise<boolean> {
  let hasFired = false;
  setTimeout(() => {
    hasFired = true;
  }, 1);
  for (let count = 0; count < MOST && !hasFired; count++) await step();
  return hasFired;
}

/** After so many the next one waits for a turn, and nothing has come before it that did. */
const CALLS = 255;

function named() {
  const [mutex, condition, barrier] = [make(Mutex, "put-m"), make(Condition, "put-c"), make(Barrier, "put-b")];
  return { mutex: mutex.it, condition: condition.it, barrier: barrier.it };
}

function laid() {
  const memory = closing(SharedMemory.anonymous({ size: 16_384 }));
  const options = { participants: Participants.over(memory, 0) };
  const [mutex, condition] = [Mutex.over(memory, 8192, options), Condition.over(memory, 8320, options)];
  return { mutex, condition, barrier: Barrier.over(memory, 8448, options) };
}

/** Of each class, a step that needs no wait. */
const steps: Record<string, () => () => Promise<unknown>> = {
  Mutex: () => {
    const { it: mutex } = make(Mutex, "turn");
    return async () => (await mutex.lock()).unlock();
  },
  "RwLock, reading": () => {
    const { it: lock } = make(RwLock, "turn-read");
    return async () => (await lock.read()).unlock();
  },
  "RwLock, writing": () => {
    const { it: lock } = make(RwLock, "turn-write");
    return async () => (await lock.write()).unlock();
  },
  Semaphore: () => {
    const { it: semaphore } = make(Semaphore, "turn");
    return async () => {
      await semaphore.acquire();
      semaphore.release();
    };
  },
  Event: () => {
    const { it: event } = make(Event, "turn");
    event.set();
    return () => event.wait();
  },
  FutexLock: () => {
    const lock = closing(FutexLock.create(uniqueName("turn"), { unlinkOnClose: true }));
    return async () => (await lock.lock()).unlock();
  },
  FileLock: () => {
    const lock = closing(FileLock.open(join(temporaryDirectory(), "turn"), { create: true }));
    return async () => (await lock.lock()).unlock();
  },
  LatestValue: () => {
    const latest = closing(LatestValue.create(uniqueName("turn"), { size: 8, unlinkOnClose: true }));
    const [writer, reader] = [latest.writer(), latest.reader()];
    return () => {
      writer.write(new Uint8Array(8));
      return reader.next();
    };
  },
};

describe("awaits that need no wait", () => {
  afterEach(closeAll);
  after(cleanUp);

  for (const [name, make] of Object.entries(steps))
    it(`leave timers their turn: ${name}`, async () => assert.equal(await leavesTurns(make()), true));

  it("are served in order, also those that a turn has put off", async () => {
    const { it: semaphore } = make(Semaphore, "order", { value: 2000 });
    const served: number[] = [];
    const take = async (number: number) => {
      if (await semaphore.acquire()) served.push(number);
    };
    const numbers = Array.from({ length: 1000 }, (_, number) => number);
    await Promise.all(numbers.map(take));
    assert.deepEqual(served, numbers);
  });

  it("that a turn has put off take nothing where they are aborted, or the object closes, meanwhile", async () => {
    const { it: semaphore, name } = make(Semaphore, "aborted", { value: 2000 });
    const other = closing(Semaphore.open(name));
    const controller = new AbortController();
    const numbers = Array.from({ length: 1000 }, (_, number) => number);
    const all = numbers.map(() => semaphore.acquire({ signal: controller.signal }));
    controller.abort("enough");
    const ends = await Promise.allSettled(all);
    const taken = ends.filter(({ status }) => status === "fulfilled").length;
    assert.ok(taken < numbers.length);
    assert.equal(other.value, 2000 - taken);
    const late = numbers.map(() => semaphore.acquire());
    semaphore.close();
    const isOver = (await Promise.allSettled(late)).filter(({ status }) => status === "rejected").length;
    assert.equal(other.value, 2000 - taken - (numbers.length - isOver));
  });

  for (const place of ["by name", "over a memory"] as const)
    it(`that a turn has put off are EBADF where a condition or a barrier closes meanwhile, ${place}`, async () => {
      const { mutex, condition, barrier } = place === "by name" ? named() : laid();
      barrier.join();
      for (let count = 0; count < CALLS; count++) {
        await condition.wait(mutex.lockSync(), { timeoutMs: 0 }).then(({ guard }) => guard.unlock());
        await barrier.arrive();
      }
      const ends = [condition.wait(mutex.lockSync()), barrier.arrive()];
      condition.close();
      barrier.close();
      await soon(Promise.all(ends.map((end) => assert.rejects(end, { code: "EBADF" }))), "both ends");
    });
});
