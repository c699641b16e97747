// Positions: what they count, and the moments when they pass 2 ** 31 and 2 ** 32.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import * as layout from "../../src/ring/spsc/layout.ts";
import { Random } from "../support/mod.ts";
import { byteOf, bytes, cleanUpRings, makePair, makeRing, messageOf, RingBytes } from "./bytes.ts";

/** A ring whose positions stand just before `start + 2 ** 10`, as after gigabytes of messages. */
function startedAt(label: string, start: number, capacity: number) {
  const { ring, name } = makeRing(label, { capacity });
  const shared = new RingBytes(name);
  shared.set(layout.TAIL, start | 0);
  return { ring, shared, producer: ring.producer(), consumer: ring.consumer() };
}

describe("positions", () => {
  after(cleanUpRings);

  it("count the bytes since the ring was made: each message takes its size, eight more, rounded up to eight", () => {
    const { ring, producer, consumer } = makePair("count", { capacity: 1024 });
    const expected: number[] = [];
    let position = 0;
    for (const size of [0, 1, 8, 9, 100]) {
      assert.equal(producer.position, position);
      producer.trySend(new Uint8Array(size));
      expected.push(position);
      position += Math.ceil((size + 8) / 8) * 8;
    }
    const seen = expected.map(() => {
      consumer.tryReceive();
      return consumer.position;
    });
    assert.deepEqual(seen, expected);
    ring.close();
  });

  it("go on where the last holder of a role stood, in any lap", () => {
    for (const start of [0, 4096 - 80, 2 ** 31 - 80, 2 ** 32 - 80]) {
      const { ring, shared, producer, consumer } = startedAt("go-on", start, 1024);
      for (let number = 0; number < 10; number++) producer.trySend(bytes("x"));
      for (let number = 0; number < 4; number++) consumer.tryReceive();
      producer.close();
      consumer.close();
      const [second, reader] = [ring.producer(), ring.consumer()];
      assert.deepEqual([second.position, reader.position], [(start + 160) % 2 ** 32, start + 64]);
      assert.equal(
        reader.drain(() => {}),
        6,
      );
      while (second.trySend(new Uint8Array(8)));
      assert.equal(second.trySend(new Uint8Array(0)), true); // and now it is full
      second.close();
      assert.equal(ring.producer().position, (start + 160 + 1016) % 2 ** 32);
      shared.close();
      ring.close();
    }
  });

  for (const [label, turn] of [
    ["2 ** 31", 2 ** 31],
    ["2 ** 32", 2 ** 32],
  ] as const) {
    it(`pass ${label} without losing, doubling or tearing a message`, () => {
      const capacity = 512;
      const random = new Random();
      const { ring, shared, producer, consumer } = startedAt("turn", turn - 4096, capacity);
      assert.deepEqual([producer.position, consumer.position], [turn - 4096, turn - 4096]);
      let [sent, received, expected] = [0, 0, turn - 4096];
      const sizes: number[] = [];
      while (expected < turn + 4096) {
        const size = random.below(200);
        if (random.below(2) === 0 && producer.trySend(messageOf(sent, size))) {
          sizes.push(size);
          sent++;
        }
        if (random.below(2) === 0) continue;
        const message = consumer.tryReceive();
        if (message === undefined) continue;
        assert.equal(message.length, sizes[received], `seed ${random.seed}`);
        assert.ok(
          message.every((byte, index) => byte === byteOf(received, index)),
          `seed ${random.seed}`,
        );
        assert.equal(consumer.position, expected % 2 ** 32, `seed ${random.seed}`);
        expected += layout.recordSize(message.length);
        received++;
      }
      while (consumer.tryReceive() !== undefined) received++;
      assert.equal(received, sent);
      shared.close();
      ring.close();
    });

    it(`around ${label}: full and empty are told apart`, () => {
      const capacity = 64;
      for (let before = 0; before <= 128; before += 8) {
        const { ring, shared, producer, consumer } = startedAt("edge", turn - before, capacity);
        assert.equal(consumer.tryReceive(), undefined);
        const sizes = [8, 8, 8, 0]; // and eight bytes for the mark behind them
        for (const [count, size] of sizes.entries()) assert.equal(producer.trySend(messageOf(count, size)), true);
        assert.equal(producer.trySend(new Uint8Array(0)), false);
        assert.equal(producer.position, (turn - before + capacity - 8) % 2 ** 32);
        for (const [count, size] of sizes.entries()) assert.deepEqual(consumer.tryReceive(), messageOf(count, size));
        assert.equal(consumer.tryReceive(), undefined);
        assert.equal(producer.trySend(messageOf(9, 8)), true);
        shared.close();
        ring.close();
      }
    });

    it(`around ${label}: corked batches, claims and drains go on`, () => {
      const { ring, shared, producer, consumer } = startedAt("batches", turn - 1000 * 8, 1024);
      let number = 0;
      let seen = 0;
      while (number < 600) {
        producer.cork();
        while (producer.claimAt(24) >= 0) {
          const offset = producer.claimAt(24);
          producer.i32[offset / 4] = number++;
          producer.commit();
        }
        producer.uncork();
        consumer.drainAt((offset) => assert.equal(consumer.i32[offset / 4], seen++));
      }
      assert.equal(seen, number);
      shared.close();
      ring.close();
    });
  }
});
