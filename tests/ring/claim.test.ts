// Writing in place: claim, commit and abort; batches by cork and uncork.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { bytes, cleanUpRings, makePair, RingBytes, text } from "./bytes.ts";

describe("claim", () => {
  after(cleanUpRings);

  it("gives room in the ring, and commit sends what was written there", () => {
    const { ring, producer, consumer } = makePair("claim", { capacity: 1024 });
    const room = producer.claim(5);
    assert.equal(room?.length, 5);
    assert.equal(room?.buffer, producer.u8.buffer);
    room?.set(bytes("hello"));
    assert.equal(consumer.tryReceive(), undefined);
    producer.commit();
    assert.equal(text(consumer.tryReceive()), "hello");
    ring.close();
  });

  it("gives an offset that is a multiple of 8, for whichever view suits", () => {
    const { ring, producer, consumer } = makePair("offset", { capacity: 1024 });
    for (let size = 0; size < 300; size++) {
      const offset = producer.claimAt(24 + (size % 9));
      assert.equal(offset % 8, 0);
      producer.f64[offset / 8] = size / 3;
      producer.i32[offset / 4 + 2] = -size - 1;
      producer.view.setBigUint64(offset + 16, BigInt(size), true);
      producer.commit();
      const at = consumer.peekAt();
      assert.equal(at % 8, 0);
      assert.deepEqual([consumer.f64[at / 8], consumer.i32[at / 4 + 2]], [size / 3, -size - 1]);
      assert.equal(consumer.view.getBigUint64(at + 16, true), BigInt(size));
      assert.equal(consumer.length, 24 + (size % 9));
      consumer.release();
    }
    ring.close();
  });

  it("can be committed in part: only the first bytes are sent, and only they take room", () => {
    const { ring, producer, consumer } = makePair("part", { capacity: 128, maxMessageSize: 100 });
    for (let round = 0; round < 50; round++) {
      const room = producer.claim(100);
      assert.ok(room, `round ${round}`);
      room.fill(round);
      producer.commit(3);
      assert.deepEqual([...(consumer.tryReceive() ?? [])], [round, round, round]);
      assert.equal(consumer.tryReceive(), undefined);
      assert.equal(producer.position, (round + 1) * 16);
    }
    producer.claim(10);
    producer.commit(0);
    assert.equal(consumer.tryReceive()?.length, 0);
    ring.close();
  });

  it("is given back by abort: nothing is sent", () => {
    const { ring, producer, consumer } = makePair("abort", { capacity: 1024 });
    producer.claim(10)?.fill(1);
    producer.abort();
    producer.abort();
    assert.equal(producer.position, 0);
    assert.throws(() => producer.commit(), { name: "RangeError", message: /nothing is claimed/ });
    producer.trySend(bytes("next"));
    assert.equal(text(consumer.tryReceive()), "next");
    ring.close();
  });

  it("is replaced by a second claim", () => {
    const { ring, producer, consumer } = makePair("second", { capacity: 1024 });
    producer.claim(100)?.fill(1);
    const room = producer.claim(2);
    room?.fill(2);
    assert.throws(() => producer.commit(3), RangeError);
    producer.commit();
    assert.deepEqual([...(consumer.tryReceive() ?? [])], [2, 2]);
    ring.close();
  });

  it("is gone after a failed claim only if the ring was not full: a full ring keeps the earlier one out", () => {
    const { ring, producer, consumer } = makePair("full", { capacity: 64, maxMessageSize: 48 });
    producer.trySend(new Uint8Array(8));
    assert.equal(producer.claimAt(48), -1);
    assert.ok(producer.claimAt(32) > 0);
    producer.commit();
    assert.equal(
      consumer.drain(() => {}),
      2,
    );
    ring.close();
  });

  it("must be committed once, and for no more than was claimed", () => {
    const { ring, producer } = makePair("once", { capacity: 1024 });
    assert.throws(() => producer.commit(), { name: "RangeError", message: /nothing is claimed/ });
    assert.throws(() => producer.commit(0), RangeError);
    producer.claim(10);
    for (const size of [11, -1, 0.5, Number.NaN]) {
      assert.throws(() => producer.commit(size), { name: "RangeError", message: /10 bytes are claimed/ });
    }
    for (const size of ["8", null, {}])
      assert.throws(() => producer.commit(size as unknown as number), {
        name: "TypeError",
        message: /must be a number/,
      });
    producer.commit();
    assert.throws(() => producer.commit(), RangeError);
    ring.close();
  });

  it("of a wrong size is refused with the limits", () => {
    const { ring, producer } = makePair("wrong", { capacity: 64 });
    for (const size of [-1, 33, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 32]) {
      assert.throws(() => producer.claim(size), { name: "RangeError", message: /0 to 32/ });
      assert.throws(() => producer.claimAt(size), RangeError);
    }
    for (const size of ["8", undefined, null, 8n]) {
      assert.throws(() => producer.claim(size as unknown as number), TypeError);
      assert.throws(() => producer.claim("12" as unknown as number), { message: /must be a number, not string 12$/ });
    }
    ring.close();
  });
});

describe("cork", () => {
  after(cleanUpRings);

  it("holds messages back until uncork publishes them at once", () => {
    const { ring, name, producer, consumer } = makePair("cork", { capacity: 1024 });
    const shared = new RingBytes(name);
    producer.cork();
    for (const word of ["a", "b", "c"]) producer.trySend(bytes(word));
    assert.deepEqual(
      [0, 16, 32].map((position) => shared.mark(position)),
      [0, 2, 2],
    );
    assert.equal(consumer.tryReceive(), undefined);
    producer.uncork();
    assert.deepEqual(
      [0, 16, 32, 48].map((position) => shared.mark(position)),
      [2, 2, 2, 0],
    );
    assert.deepEqual(
      [1, 2, 3, 4].map(() => text(consumer.tryReceive())),
      ["a", "b", "c", undefined],
    );
    shared.close();
    ring.close();
  });

  it("publishes on its own when the ring is full: else the room could never come", () => {
    const { ring, producer, consumer } = makePair("full", { capacity: 64 });
    producer.cork();
    for (let count = 0; count < 3; count++) assert.equal(producer.trySend(bytes("x")), true);
    assert.equal(producer.trySend(bytes("y")), false);
    assert.equal(
      consumer.drain(() => {}),
      3,
    );
    assert.equal(producer.trySend(bytes("z")), true);
    assert.equal(consumer.tryReceive(), undefined);
    producer.uncork();
    assert.equal(text(consumer.tryReceive()), "z");
    ring.close();
  });

  it("may be called twice; uncork ends it, and uncork alone does nothing", () => {
    const { ring, producer, consumer } = makePair("twice", { capacity: 1024 });
    producer.uncork();
    producer.cork();
    producer.cork();
    producer.trySend(bytes("a"));
    producer.uncork();
    producer.uncork();
    producer.trySend(bytes("b"));
    assert.deepEqual([text(consumer.tryReceive()), text(consumer.tryReceive())], ["a", "b"]);
    ring.close();
  });

  it("is ended by close, which publishes what was held back", () => {
    const { ring, producer, consumer } = makePair("close", { capacity: 1024 });
    producer.cork();
    producer.trySend(bytes("last"));
    producer.close();
    producer.uncork();
    assert.equal(consumer.ended, false);
    assert.equal(text(consumer.tryReceive()), "last");
    assert.equal(consumer.ended, true);
    ring.close();
  });

  it("wakes an awaiting consumer at uncork, and not before", async () => {
    const { ring, producer, consumer } = makePair("wake", { capacity: 1024 });
    let received: string | undefined;
    const receiving = consumer.receive().then((message) => {
      received = text(message);
    });
    producer.cork();
    producer.trySend(bytes("held"));
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(received, undefined);
    producer.uncork();
    await receiving;
    assert.equal(received, "held");
    ring.close();
  });
});
