// The event loop: it stays free while somebody awaits, and it sleeps.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { least, processorMs, sleep, within } from "../support/mod.ts";
import { cleanUpRings, makePair } from "./bytes.ts";

describe("the event loop", () => {
  after(cleanUpRings);

  it("runs on time while receives are pending", async () => {
    const { ring, consumer } = makePair("drift", { capacity: 1024 });
    const waits = Array.from({ length: 10 }, () => consumer.receive().catch(() => {}));
    const lateness = async () => {
      const late: number[] = [];
      for (let round = 0; round < 20; round++) {
        const begin = performance.now();
        await sleep(10);
        late.push(performance.now() - begin - 10);
      }
      return late.sort((a, b) => a - b)[10];
    };
    const late = await least(30, lateness);
    assert.ok(late < 30, `timers were ${late} ms late in the middle`);
    ring.close();
    await Promise.all(waits);
  });

  it("uses no processor while receives are pending", async () => {
    const { ring, consumer } = makePair("idle", { capacity: 1024 });
    const waits = Array.from({ length: 100 }, () => consumer.receive().catch(() => {}));
    await sleep(100);
    const used = await processorMs(100, () => sleep(400));
    assert.ok(used < 100, `${used} ms of processor time in 400 ms`);
    ring.close();
    await Promise.all(waits);
  });
});

/** Keeps the event loop busy. */
function passMs(duration: number): void {
  for (const end = performance.now() + duration; performance.now() < end; );
}

/** How many turns a timer of 1 ms gets while `step` is repeated; ends after five of them. */
async function turnsDuring(step: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const end = performance.now() + 5000;
  while (turns < 5 && performance.now() < end) await step();
  clearInterval(timer);
  return turns;
}

describe("awaited calls that need no wait", () => {
  after(cleanUpRings);

  it("give timers their turn: receive", async () => {
    const { ring, producer, consumer } = makePair("receives", { capacity: 65536 });
    const turns = await turnsDuring(async () => {
      producer.trySend(new Uint8Array(8));
      await consumer.receive();
    });
    assert.ok(turns >= 5, `${turns} turns`);
    ring.close();
  });

  it("give timers their turn: send", async () => {
    const { ring, producer, consumer } = makePair("sends", { capacity: 65536 });
    const turns = await turnsDuring(async () => {
      await producer.send(new Uint8Array(8));
      consumer.tryReceive();
    });
    assert.ok(turns >= 5, `${turns} turns`);
    ring.close();
  });

  it("settle in order, also over such a turn", async () => {
    const { ring, producer, consumer } = makePair("settle", { capacity: 65536 });
    const settled: number[] = [];
    const receive = async () => settled.push((await consumer.receive())?.[0] ?? -1);
    const receiving: Promise<number>[] = [];
    for (let number = 0; number < 600; number++) {
      producer.trySend(Uint8Array.of(number & 255));
      receiving.push(receive());
    }
    await Promise.all(receiving);
    assert.deepEqual(
      settled,
      Array.from({ length: 600 }, (_, number) => number & 255),
    );
    ring.close();
  });
});

describe("answers around a turn of the event loop", () => {
  after(cleanUpRings);

  it("settle in order, whether they were there at once, came during the turn or later", async () => {
    const { ring, producer, consumer } = makePair("around", { capacity: 65536 });
    const settled: number[] = [];
    const receiving: Promise<unknown>[] = [];
    const receive = () => receiving.push(consumer.receive().then((message) => settled.push(message?.[0] ?? -1)));
    for (let round = 0; round < 600; round++) {
      producer.trySend(Uint8Array.of(0));
      for (let calls = 0; calls < 3; calls++) receive(); // the last two find nothing
      producer.trySend(Uint8Array.of(1));
      await Promise.resolve();
      producer.trySend(Uint8Array.of(2));
      await within(Promise.all(receiving.splice(0)), 5000, `round ${round}`);
      assert.deepEqual(settled.splice(0), [0, 1, 2], `round ${round}`);
    }
    ring.close();
  });

  it("are no timeouts where they came in time, and the timer comes before the turn", async () => {
    const { ring, producer, consumer } = makePair("late", { capacity: 65536 });
    const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve)); // timers come before the next one
    const settled: unknown[] = [];
    await turnOfLoop();
    for (let number = 0; number < 256; number++) {
      producer.trySend(Uint8Array.of(number & 3));
      consumer.receive().then((message) => settled.push(message?.[0]));
    }
    const received = consumer.receive({ timeoutMs: 1 }).then((message) => settled.push(message?.[0]));
    producer.trySend(Uint8Array.of(4));
    passMs(5);
    await within(received, 5000, "receive");
    assert.deepEqual(settled.slice(255), [3, 4]);

    await turnOfLoop();
    for (let number = 0; number < 255; number++) await producer.send(new Uint8Array(8));
    while (producer.trySend(new Uint8Array(8)));
    const sent = producer.send(Uint8Array.of(5), { timeoutMs: 1 });
    consumer.drain(() => {});
    passMs(5);
    assert.equal(await within(sent, 5000, "send"), true);
    assert.equal(consumer.tryReceive()?.[0], 5);
    ring.close();
  });
});
