// Many waits at once: thousands on one ring, hundreds of rings, more words than one engine thread can hold.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, describe, it } from "node:test";
import { type SpscConsumer, type SpscProducer, SpscRing } from "../../mod.ts";
import { cleanUp, mainRuntimes, processorMs, Random, sleep, spawnPeer, uniqueName, within } from "../support/mod.ts";

const peer = new URL("./peer_many.ts", import.meta.url);

interface Pair {
  ring: SpscRing;
  producer: SpscProducer;
  consumer: SpscConsumer;
}

function makePairs(count: number, label: string): Pair[] {
  return Array.from({ length: count }, () => {
    const ring = SpscRing.create(uniqueName(label), { capacity: 4096, unlinkOnClose: true });
    return { ring, producer: ring.producer(), consumer: ring.consumer() };
  });
}

const numberIn = (message: Uint8Array | undefined) =>
  message === undefined ? undefined : new DataView(message.buffer).getUint32(0, true);
const numbered = (number: number) => new Uint8Array(Uint32Array.of(number).buffer);
const threads = () => readdirSync("/proc/self/task").length;

describe("many pending receives", () => {
  after(cleanUp);

  it("on one ring are served in order: five thousand of them", { timeout: 60_000 }, async () => {
    const [{ ring, producer, consumer }] = makePairs(1, "one");
    const pending = Array.from({ length: 5000 }, () => consumer.receive());
    const before = threads();
    for (let number = 0; number < 5000; number++) await producer.send(numbered(number));
    const received = await within(Promise.all(pending), 30_000, "five thousand receives");
    assert.deepEqual(received.map(numberIn), Array.from(received.keys()));
    assert.ok(threads() < before + 10, `${threads()} threads, ${before} before`); // runtimes start some of their own
    ring.close();
  });

  it("on three hundred rings are all served, in any order", { timeout: 120_000 }, async () => {
    const random = new Random();
    const before = threads();
    const pairs = makePairs(300, "rings");
    for (let round = 0; round < 3; round++) {
      const pending = pairs.map(({ consumer }) => consumer.receive());
      await sleep(20);
      const order = pairs.map((_, index) => index).sort(() => random.below(3) - 1);
      for (const index of order) pairs[index].producer.trySend(numbered(index));
      const received = await within(Promise.all(pending), 30_000, `round ${round}, seed ${random.seed}`);
      assert.deepEqual(received.map(numberIn), Array.from(received.keys()));
    }
    assert.ok(threads() - before < 20, `${threads() - before} threads more for 300 rings`);
    for (const { ring } of pairs) ring.close();
  });

  it("use no processor while nothing comes", async () => {
    const pairs = makePairs(200, "idle");
    const pending = pairs.map(({ consumer }) => consumer.receive().catch(() => {}));
    await sleep(200);
    const used = await processorMs(100, () => sleep(400));
    for (const { ring } of pairs) ring.close();
    await Promise.all(pending);
    assert.ok(used < 100, `${used} ms of processor time in 400 ms`);
  });

  it("go on when rings come and go between them", { timeout: 60_000 }, async () => {
    const random = new Random();
    const pairs = makePairs(150, "churn");
    for (let round = 0; round < 20; round++) {
      const pending = pairs.map(({ consumer }) => consumer.receive());
      const leaving = new Set(Array.from({ length: 10 }, () => random.below(pairs.length)));
      for (const index of leaving) pairs[index].ring.close();
      for (const [index, { producer }] of pairs.entries()) if (!leaving.has(index)) producer.trySend(numbered(index));
      const results = await within(Promise.allSettled(pending), 30_000, `round ${round}, seed ${random.seed}`);
      results.forEach((result, index) => {
        if (leaving.has(index)) assert.equal(result.status, "rejected");
        else assert.equal(numberIn((result as { value?: Uint8Array }).value), index, `seed ${random.seed}`);
      });
      for (const index of leaving) [pairs[index]] = makePairs(1, "churn");
    }
    for (const { ring } of pairs) ring.close();
  });

  it("of a ring that each of them reopens leave nothing behind", { timeout: 60_000 }, async () => {
    const before = { threads: threads(), descriptors: readdirSync("/proc/self/fd").length };
    for (let round = 0; round < 100; round++) {
      const [{ ring, producer, consumer }] = makePairs(1, "again");
      const receiving = consumer.receive();
      producer.trySend(numbered(round));
      assert.equal(numberIn(await receiving), round);
      ring.close();
    }
    assert.ok(threads() < before.threads + 10, `${threads()} threads after, ${before.threads} before`);
    assert.ok(readdirSync("/proc/self/fd").length < before.descriptors + 10);
  });

  for (const runtime of mainRuntimes) {
    it(`learn of the death of a ${runtime.name} process, all hundred and sixty of them`, {
      timeout: 60_000,
    }, async () => {
      const names = Array.from({ length: 160 }, () => uniqueName(`death-${runtime.name}`));
      const rings = names.map((name) => SpscRing.create(name, { capacity: 64, unlinkOnClose: true }));
      const consumers = rings.map((ring) => ring.consumer());
      const other = spawnPeer(runtime, peer, names);
      assert.equal(await other.line(), "holding");
      const pending = consumers.map((consumer) => consumer.receive().catch((error) => error.name));
      await sleep(50);
      const begin = performance.now();
      other.kill();
      const results = await within(Promise.all(pending), 10_000, "all deaths");
      assert.deepEqual(new Set(results), new Set(["PeerDiedError"]));
      assert.ok(performance.now() - begin < 2000, `${performance.now() - begin} ms`);
      for (const ring of rings) ring.close();
    });
  }
});
