// Batches in place: fill and fillAt write many messages of one size and publish them at once.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import * as layout from "../../src/ring/spsc/layout.ts";
import { cleanUpRings, makePair, RingBytes, text } from "./bytes.ts";

describe("fill", () => {
  after(cleanUpRings);

  it("sends as many messages as it was asked for, each as it was written", () => {
    const { ring, producer, consumer } = makePair("fill", { capacity: 1024 });
    const sent = producer.fill(5, 3, (room, index) => room.set(new TextEncoder().encode(`word${index}`)));
    assert.equal(sent, 3);
    assert.equal(producer.position, 48);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => text(consumer.tryReceive())),
      ["word0", "word1", "word2", undefined],
    );
    ring.close();
  });

  it("sends as many as there is room for, and says how many", () => {
    for (const [size, capacity] of [
      [0, 64],
      [8, 64],
      [24, 1024],
      [100, 1024],
      [32, 64],
    ]) {
      const { ring, producer, consumer } = makePair("room", { capacity });
      for (let round = 0; round < 20; round++) {
        const fits = Math.floor((capacity - layout.MESSAGE_HEADER) / layout.recordSize(size));
        assert.equal(
          producer.fill(size, 10_000, (room) => room.fill(round)),
          fits,
        );
        assert.equal(
          producer.fill(size, 5, () => assert.fail("there is no room")),
          0,
        );
        assert.equal(
          consumer.drain((message) => assert.ok(message.every((byte) => byte === round))),
          fits,
        );
      }
      ring.close();
    }
  });

  it("uses the room that has come since it last looked, also where there is some left", () => {
    const { ring, producer, consumer } = makePair("since", { capacity: 65536 });
    const fits = Math.floor((65536 - layout.MESSAGE_HEADER) / layout.recordSize(32));
    for (const before of [fits, 500, 1000, fits - 70]) {
      producer.fillAt(32, before, () => {});
      consumer.drain(() => {});
      assert.equal(
        producer.fillAt(32, 10_000, () => {}),
        fits,
        `after ${before}`,
      );
      consumer.drain(() => {});
    }
    ring.close();
  });

  it("gives offsets that are multiples of 8, around the end of the ring too", () => {
    const { ring, producer, consumer } = makePair("offsets", { capacity: 256 });
    let [written, read] = [0, 0];
    for (let round = 0; round < 100; round++) {
      producer.fillAt(20, 3 + (round % 5), (offset) => {
        assert.equal(offset % 8, 0);
        producer.i32[offset / 4] = written++;
      });
      consumer.drainAt((offset, length) => {
        assert.deepEqual([length, consumer.i32[offset / 4]], [20, read++]);
      });
    }
    assert.ok(read > 300 && read === written);
    ring.close();
  });

  it("publishes once, at its end", () => {
    const { ring, name, producer, consumer } = makePair("once", { capacity: 1024 });
    const shared = new RingBytes(name);
    producer.fill(8, 10, () => {
      assert.equal(shared.mark(0), 0);
      assert.equal(consumer.tryReceive(), undefined);
    });
    assert.deepEqual([shared.mark(0), shared.mark(144), shared.mark(160)], [9, 9, 0]);
    ring.close();
  });

  it("while corked holds back until uncork", () => {
    const { ring, name, producer } = makePair("corked", { capacity: 1024 });
    const shared = new RingBytes(name);
    producer.cork();
    assert.equal(
      producer.fill(8, 4, () => {}),
      4,
    );
    assert.deepEqual([shared.mark(0), shared.mark(16)], [0, 9]);
    producer.uncork();
    assert.deepEqual([shared.mark(0), shared.mark(64)], [9, 0]);
    ring.close();
  });

  it("sends what was written before its callback threw, and passes that on", () => {
    const { ring, producer, consumer } = makePair("throws", { capacity: 1024 });
    const failure = new Error("no more");
    const write = (room: Uint8Array, index: number) => {
      if (index === 2) throw failure;
      room.fill(index + 1);
    };
    assert.throws(() => producer.fill(1, 5, write), failure);
    producer.trySend(Uint8Array.of(9));
    assert.deepEqual(
      [1, 2, 3, 4].map(() => consumer.tryReceive()?.[0]),
      [1, 2, 9, undefined],
    );
    ring.close();
  });

  it("of no messages sends nothing, and drops a claim that was open", () => {
    const { ring, producer, consumer } = makePair("none", { capacity: 1024 });
    assert.equal(
      producer.fill(8, 0, () => assert.fail("called")),
      0,
    );
    producer.claim(4);
    producer.fill(1, 1, (room) => room.fill(1));
    assert.throws(() => producer.commit(), RangeError);
    assert.equal(
      consumer.drain(() => {}),
      1,
    );
    ring.close();
  });

  it("wakes an awaiting consumer", async () => {
    const { ring, producer, consumer } = makePair("wakes", { capacity: 1024 });
    const receiving = [consumer.receive(), consumer.receive()];
    producer.fill(1, 2, (room, index) => room.fill(index));
    assert.deepEqual(
      (await Promise.all(receiving)).map((message) => message?.[0]),
      [0, 1],
    );
    ring.close();
  });

  it("passes 2 ** 31 and 2 ** 32", () => {
    for (const turn of [2 ** 31, 2 ** 32]) {
      const { ring: first, name, producer: early, consumer: reader } = makePair("turn", { capacity: 256 });
      early.close();
      reader.close();
      const shared = new RingBytes(name);
      shared.set(layout.TAIL, (turn - 1024) | 0);
      const [producer, consumer] = [first.producer(), first.consumer()];
      let [written, read] = [0, 0];
      for (let round = 0; round < 30; round++) {
        producer.fillAt(8, 7, (offset) => {
          producer.i32[offset / 4] = written++;
        });
        consumer.drainAt((offset) => assert.equal(consumer.i32[offset / 4], read++));
      }
      assert.deepEqual([written, read], [210, 210]);
      first.close();
    }
  });

  it("refuses wrong sizes and counts, and a closed producer", () => {
    const { ring, producer } = makePair("wrong", { capacity: 64 });
    const write = () => assert.fail("called");
    for (const size of [-1, 33, 0.5, Number.NaN]) assert.throws(() => producer.fillAt(size, 1, write), RangeError);
    for (const count of [-1, 0.5, Number.NaN]) assert.throws(() => producer.fillAt(8, count, write), RangeError);
    assert.throws(() => producer.fillAt("8" as unknown as number, 1, write), TypeError);
    assert.throws(() => producer.fillAt(8, "1" as unknown as number, write), TypeError);
    for (const bad of [undefined, null, 5, {}]) {
      const refused = { name: "TypeError", message: /write must be a function, not/ };
      assert.throws(() => producer.fillAt(8, 1, bad as unknown as () => void), refused);
      assert.throws(() => producer.fill(8, 0, bad as unknown as () => void), refused);
    }
    producer.close();
    assert.throws(() => producer.fillAt(8, 1, write), { name: "IpcError", code: "EBADF" });
    ring.close();
  });

  it("whose callback sends by itself loses nothing: it is refused, or comes out", () => {
    const { ring, producer, consumer } = makePair("reentry", { capacity: 1024 });
    let inner = false;
    try {
      producer.fill(1, 3, (room, index) => {
        room.fill(index + 1);
        if (index === 1) inner = producer.trySend(Uint8Array.of(99));
      });
    } catch (error) {
      assert.ok(error instanceof Error);
    }
    const seen: number[] = [];
    consumer.drain((message) => seen.push(message[0]));
    const isRefused = !inner && !seen.includes(99);
    assert.ok(isRefused || [1, 2, 3, 99].every((number) => seen.includes(number)), `received ${seen}`);
    ring.close();
  });

  it("whose callback closes the producer publishes nothing after the role was given back", () => {
    const { ring, name, producer } = makePair("closes", { capacity: 1024 });
    const shared = new RingBytes(name);
    let atClose = -1;
    try {
      producer.fill(8, 5, (_, index) => {
        if (index !== 2) return;
        producer.close();
        atClose = shared.mark(0);
      });
    } catch (error) {
      assert.equal((error as { code?: string }).code, "EBADF");
    }
    assert.deepEqual([atClose, shared.mark(0)], [0, 0]);
    assert.equal(ring.producer().position, 0);
    ring.close();
  });

  it("leaves the role to a successor at once when its callback has closed the producer", () => {
    const { ring, producer, consumer } = makePair("successor", { capacity: 4096 });
    let calls = 0;
    const sent = producer.fillAt(8, 10, () => {
      calls++;
      producer.close();
      const successor = ring.producer();
      for (const word of ["one", "two", "three"]) assert.ok(successor.trySend(new TextEncoder().encode(word)));
    });
    assert.deepEqual([sent, calls], [0, 1]);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => text(consumer.tryReceive())),
      ["one", "two", "three", undefined],
    );
    ring.close();
  });

  it("finds room again for messages so large that many of them are more than 2 GiB", () => {
    const size = 2 ** 25;
    const { ring, producer, consumer } = makePair("large", { capacity: 2 ** 26, maxMessageSize: size });
    for (let round = 0; round < 3; round++) {
      assert.equal(
        producer.fillAt(size, 64, () => {}),
        1,
      );
      assert.equal(
        consumer.drainAt(() => {}),
        1,
      );
    }
    producer.close();
    assert.throws(() => producer.fillAt(size, 64, () => {}), { code: "EBADF" });
    ring.close();
  });
});
