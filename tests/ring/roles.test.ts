// Roles: one producer and one consumer at a time, handed over by close; the end of the stream; closed objects.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { LatestValue, Participants, PeerClosedError, SharedMemory, SpscRing } from "../../mod.ts";
import * as layout from "../../src/ring/spsc/layout.ts";
import { objectExists, ownRuntime, spawnPeer, within } from "../support/mod.ts";
import { bytes, cleanUpRings, makePair, makeRing, RingBytes, text } from "./bytes.ts";

const peer = new URL("./peer.ts", import.meta.url);
const busy = { name: "IpcError", code: "EBUSY" };
const closed = { name: "IpcError", code: "EBADF" };

describe("a role", () => {
  after(cleanUpRings);

  it("is held by one at a time: another is EBUSY, and is told who has it", () => {
    const { ring, name } = makePair("busy", { capacity: 64 });
    const other = SpscRing.open(name);
    for (const one of [ring, other]) {
      assert.throws(() => one.producer(), { ...busy, message: /\(this process is the producer already\)$/ });
      assert.throws(() => one.consumer(), { ...busy, message: /\(this process is the consumer already\)$/ });
    }
    other.close();
    ring.close();
  });

  it("that another process has is EBUSY with its process id", async () => {
    const { ring, name } = makeRing("elsewhere", { capacity: 64 });
    const holder = spawnPeer(ownRuntime, peer, ["sendAndHang", name, 1]);
    assert.ok(await ring.consumer().receive({ timeoutMs: 30_000 }));
    const expected = { ...busy, message: new RegExp(`\\(process ${holder.pid} is the producer, and it lives\\)$`) };
    assert.throws(() => ring.producer(), expected);
    holder.kill();
    await holder.ended;
    ring.close();
  });

  it("passes on when its holder closes, and messages stay", () => {
    const { ring, name, producer, consumer } = makePair("pass", { capacity: 1024 });
    producer.trySend(bytes("first"));
    producer.close();
    const other = SpscRing.open(name);
    const second = other.producer();
    second.trySend(bytes("second"));
    consumer.close();
    const reader = other.consumer();
    assert.deepEqual([text(reader.tryReceive()), text(reader.tryReceive())], ["first", "second"]);
    assert.throws(() => ring.producer(), busy);
    other.close();
    ring.producer();
    ring.close();
  });

  it("is free again when its ring was closed", () => {
    const { ring, name } = makeRing("ring", { capacity: 64 });
    const other = SpscRing.open(name);
    other.producer();
    other.consumer();
    other.close();
    ring.producer();
    ring.consumer();
    ring.close();
  });

  it("is not taken from its holder by one whose participants have left meanwhile", () => {
    const memory = SharedMemory.anonymous({ size: 32768 });
    const participants = Participants.over(memory, 0);
    const ring = () => SpscRing.over(memory, 8192, { participants, capacity: 64 });
    const latest = () => LatestValue.over(memory, 16384, { participants, size: 8 });
    for (const attach of [() => ring().producer(), () => ring().consumer(), () => latest().writer()]) {
      const first = attach();
      participants.close(); // and with them the object
      const second = attach();
      first.close();
      assert.throws(attach, busy);
      second.close();
      attach().close();
    }
    memory.close();
  });

  it("that cannot be used is given back: a corrupted ring does not keep it", () => {
    const { ring, name } = makeRing("given-back", { capacity: 64 });
    const shared = new RingBytes(name);
    for (const word of [layout.TAIL, layout.MESSAGES]) {
      shared.set(word, 4004);
      assert.throws(() => ring.producer(), { name: "IpcError", code: "EBADMSG" });
      assert.throws(() => ring.consumer(), { name: "IpcError", code: "EBADMSG" });
      shared.set(word, 0);
    }
    ring.producer().trySend(bytes("healed"));
    assert.equal(text(ring.consumer().tryReceive()), "healed");
    shared.close();
    ring.close();
  });

  it("that cannot be used is given back as it was: that is no end of the stream", async () => {
    const { ring, name } = makeRing("no-end", { capacity: 64 });
    const shared = new RingBytes(name);
    const consumer = ring.consumer();
    const fail = () => {
      shared.set(layout.TAIL, 4004);
      assert.throws(() => ring.producer(), { name: "IpcError", code: "EBADMSG" });
      shared.set(layout.TAIL, 0);
    };
    const receiving = consumer.receive();
    fail();
    assert.equal(consumer.ended, false);
    const dead = (5 << 10) | 100; // of a slot that nobody holds
    shared.set(layout.PRODUCER_ROLE, dead);
    fail();
    assert.equal(shared.get(layout.PRODUCER_ROLE), dead);
    await assert.rejects(within(receiving, 5000, "the death"), { name: "PeerDiedError" });
    ring.producer().close();
    fail();
    assert.equal(consumer.ended, true);
    shared.close();
    ring.close();
  });
});

describe("the end of the stream", () => {
  after(cleanUpRings);

  it("comes after everything that was sent, for every form of receiving", async () => {
    const { ring, producer, consumer } = makePair("end", { capacity: 1024 });
    producer.trySend(bytes("a"));
    producer.trySend(bytes("b"));
    producer.trySend(bytes("c"));
    assert.equal(consumer.ended, false);
    producer.close();
    assert.equal(consumer.ended, false);
    assert.equal(text(consumer.receiveSync()), "a");
    assert.equal(text(await consumer.receive()), "b");
    assert.equal(text(consumer.tryReceive()), "c");
    assert.equal(consumer.ended, true);
    assert.equal(consumer.tryReceive(), undefined);
    assert.equal(
      consumer.drain(() => {}),
      0,
    );
    const expected = { name: "PeerClosedError", code: "EPIPE", errno: 32 };
    for (let round = 0; round < 3; round++) {
      assert.throws(() => consumer.receiveSync({ timeoutMs: 1000 }), expected);
      await assert.rejects(consumer.receive({ timeoutMs: 1000 }), expected);
    }
    ring.close();
  });

  it("is over when a new producer comes", async () => {
    const { ring, producer, consumer } = makePair("again", { capacity: 1024 });
    producer.close();
    assert.equal(consumer.ended, true);
    await assert.rejects(consumer.receive(), PeerClosedError);
    const second = ring.producer();
    assert.equal(consumer.ended, false);
    assert.equal(await consumer.receive({ timeoutMs: 5 }), undefined);
    second.trySend(bytes("more"));
    assert.equal(text(await consumer.receive()), "more");
    ring.close();
  });

  it("is not there before the first producer: a consumer may come first", async () => {
    const { ring } = makeRing("early", { capacity: 1024 });
    const consumer = ring.consumer();
    assert.equal(consumer.ended, false);
    assert.equal(consumer.receiveSync({ timeoutMs: 5 }), undefined);
    const receiving = consumer.receive();
    ring.producer().trySend(bytes("late"));
    assert.equal(text(await receiving), "late");
    ring.close();
  });

  it("wakes a pending receive", async () => {
    const { ring, producer, consumer } = makePair("wakes", { capacity: 1024 });
    const receiving = consumer.receive();
    setTimeout(() => producer.close(), 20);
    await assert.rejects(receiving, PeerClosedError);
    ring.close();
  });

  it("of the consumer is told to a producer only when the ring is full", async () => {
    const { ring, producer, consumer } = makePair("reader", { capacity: 64 });
    consumer.close();
    for (let count = 0; count < 3; count++) assert.equal(producer.sendSync(new Uint8Array(8)), true);
    assert.equal(producer.trySend(new Uint8Array(8)), false);
    assert.throws(() => producer.sendSync(new Uint8Array(8)), PeerClosedError);
    await assert.rejects(producer.send(new Uint8Array(8)), PeerClosedError);
    const second = ring.consumer();
    assert.equal(
      second.drain(() => {}),
      3,
    );
    assert.equal(await producer.send(new Uint8Array(8)), true);
    ring.close();
  });

  it("wakes a pending send", async () => {
    const { ring, producer, consumer } = makePair("sender", { capacity: 64 });
    while (producer.trySend(new Uint8Array(8)));
    const sending = producer.send(new Uint8Array(8));
    setTimeout(() => consumer.close(), 20);
    await assert.rejects(sending, PeerClosedError);
    ring.close();
  });
});

describe("after close", () => {
  after(cleanUpRings);

  it("of a side, each of its calls is EBADF, and closing again is fine", async () => {
    const { ring, producer, consumer } = makePair("sides", { capacity: 1024 });
    producer.trySend(bytes("unread"));
    for (const side of [producer, consumer]) {
      side.close();
      side.close();
      side[Symbol.dispose]();
    }
    assert.throws(() => producer.trySend(bytes("x")), closed);
    assert.throws(() => producer.sendSync(bytes("x")), closed);
    assert.throws(() => producer.claim(1), closed);
    assert.throws(() => producer.commit(), closed);
    await assert.rejects(producer.send(bytes("x")), closed);
    assert.throws(() => consumer.tryReceive(), closed);
    assert.throws(() => consumer.receiveSync({ timeoutMs: 0 }), closed);
    assert.throws(() => consumer.peek(), closed);
    assert.throws(() => consumer.drain(() => {}), closed);
    await assert.rejects(consumer.receive(), closed);
    assert.equal(consumer.ended, false);
    ring.close();
  });

  it("of a ring, its sides are closed, its views are empty, and its roles cannot be taken", () => {
    const { ring, producer, consumer } = makePair("ring", { capacity: 1024 });
    producer.trySend(bytes("unread"));
    const room = producer.claim(10);
    const message = consumer.peek();
    ring.close();
    ring.close();
    ring[Symbol.dispose]();
    assert.deepEqual([room?.length, message?.length, producer.u8.length, consumer.f64.length], [0, 0, 0, 0]);
    assert.throws(() => producer.trySend(bytes("x")), closed);
    assert.throws(() => producer.commit(), closed);
    assert.throws(() => consumer.tryReceive(), closed);
    assert.throws(() => ring.producer(), closed);
    assert.throws(() => ring.consumer(), closed);
    producer.cork();
    producer.uncork();
    producer.abort();
    producer.close();
    consumer.close();
  });

  it("pending promises are rejected with EBADF", async () => {
    const { ring, consumer } = makePair("pending", { capacity: 64 });
    const receiving = [consumer.receive(), consumer.receive({ timeoutMs: 5000 })];
    ring.close();
    for (const promise of receiving) await assert.rejects(promise, closed);
    const second = makePair("pending-send", { capacity: 64 });
    while (second.producer.trySend(new Uint8Array(8)));
    const sending = [1, 2].map(() => second.producer.send(new Uint8Array(8)));
    second.producer.close();
    for (const promise of sending) await assert.rejects(promise, closed);
    second.ring.close();
  });

  it("the ring stays by its name, with its messages, until it is unlinked", () => {
    const { ring, name } = makeRing("stays", { capacity: 1024, unlinkOnClose: false });
    ring.producer().trySend(bytes("kept"));
    ring.close();
    const again = SpscRing.open(name);
    assert.equal(text(again.consumer().tryReceive()), "kept");
    assert.equal(SpscRing.unlink(name), true);
    assert.equal(SpscRing.unlink(name), false);
    assert.equal(objectExists(name), false);
    again.producer().trySend(bytes("still usable"));
    again.close();
  });
});
