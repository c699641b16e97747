// Hostile peers: whatever they write into the shared bytes, we get an error or a message, and never crash or hang.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { after, describe, it } from "node:test";
import { IpcError } from "../../mod.ts";
import * as layout from "../../src/ring/spsc/layout.ts";
import { objectPath, ownRuntime, Random, runPeer, uniqueName } from "../support/mod.ts";
import { bytes, cleanUpRings, makePair, messageOf, RingBytes, text } from "./bytes.ts";

const peer = new URL("./peer.ts", import.meta.url);
const fuzzer = new URL("./hostile_peer.ts", import.meta.url);
const corrupted = { name: "IpcError", code: "EBADMSG" };
const garbage = [1, 4, -8, 12345, 2 ** 30, 2 ** 31 - 8, -(2 ** 31), -1, 0x55555555];

/** A ring with two messages in it, one of them received, and its bytes. */
function sound(label: string) {
  const pair = makePair(label, { capacity: 1024 });
  for (const word of ["one", "two"]) pair.producer.trySend(bytes(word));
  pair.consumer.tryReceive();
  return { ...pair, shared: new RingBytes(pair.name) };
}

describe("a hostile mark", () => {
  after(cleanUpRings);

  it("is EBADMSG for the consumer, in every form, and heals with the ring", async () => {
    const { producer, consumer, shared } = sound("mark");
    consumer.tryReceive();
    for (const value of [-1, 514, 1024, 12345, 2 ** 30, -(2 ** 31), 2 ** 31 - 1]) {
      shared.set(layout.MESSAGES + 32, value);
      assert.throws(() => consumer.tryReceive(), corrupted, `mark ${value}`);
      assert.throws(() => consumer.peekAt(), corrupted);
      assert.throws(() => consumer.peek(), corrupted);
      assert.throws(() => consumer.drain(() => {}), corrupted);
      assert.throws(() => consumer.drainAt(() => assert.fail("handed out")), corrupted);
      assert.throws(() => consumer.receiveSync({ timeoutMs: 100 }), corrupted);
      await assert.rejects(consumer.receive({ timeoutMs: 100 }), corrupted);
    }
    producer.trySend(bytes("healed"));
    assert.equal(text(consumer.tryReceive()), "healed");
  });

  it("within a batch is EBADMSG at its turn: those before it are handed out", () => {
    const { consumer, producer, shared } = sound("batch");
    for (const word of ["three", "four"]) producer.trySend(bytes(word));
    shared.set(layout.MESSAGES + 48, -5);
    const seen: (string | undefined)[] = [];
    assert.throws(() => consumer.drain((message) => seen.push(text(message))), corrupted);
    assert.deepEqual(seen, ["two", "three"]);
  });

  it("of a chain without an end keeps no drain for ever: it ends after the bytes of the ring", () => {
    const { consumer, shared } = sound("cycle");
    for (let at = 0; at < 1024; at += 8) shared.set(layout.MESSAGES + at, 1);
    let count = 0;
    const handle = () => assert.ok(++count < 1000, "it goes on and on");
    assert.equal(consumer.drain(handle), 1024 / 8);
    assert.equal(consumer.drainAt(handle), 1024 / 8);
    assert.equal(consumer.drain(handle, 7), 7);
  });

  it("does not move the producer, whose own position counts", () => {
    const { producer, consumer, shared } = sound("own-position");
    shared.set(layout.MESSAGES + 32, 12345);
    producer.trySend(bytes("three"));
    assert.equal(producer.position, 48);
    assert.equal(text(consumer.tryReceive()), "two");
    assert.equal(text(consumer.tryReceive()), "three");
  });

  it("is EBADMSG for a new producer that walks over it, also where marks never end", () => {
    for (const everywhere of [false, true]) {
      const { ring, producer, shared } = sound("walk");
      producer.close();
      if (everywhere) for (let at = 0; at < 1024; at += 8) shared.set(layout.MESSAGES + at, 1);
      else shared.set(layout.MESSAGES + 16, 2 ** 30);
      assert.throws(() => ring.producer(), corrupted);
    }
  });

  it("is told to a pending receive when it wakes", async () => {
    const { producer, consumer, shared } = sound("pending");
    consumer.tryReceive();
    const receiving = consumer.receive();
    shared.set(layout.MESSAGES + 32, 2 ** 30);
    producer.close(); // wakes it
    await assert.rejects(receiving, corrupted);
  });
});

describe("a hostile tail", () => {
  after(cleanUpRings);

  it("is EBADMSG for the producer once it looks, and never room that is not there", async () => {
    for (const value of garbage.filter((value) => value !== -8)) {
      // -8 might be true: 40 bytes are in use
      const { producer, shared } = sound("tail");
      shared.set(layout.TAIL, value);
      let error: unknown;
      for (let count = 0; count < 200 && error === undefined; count++) {
        try {
          if (!producer.trySend(new Uint8Array(100))) break;
        } catch (caught) {
          error = caught;
        }
      }
      assert.ok(error instanceof IpcError && error.code === "EBADMSG", `tail ${value}: ${error}`);
      assert.throws(() => producer.sendSync(new Uint8Array(500), { timeoutMs: 50 }), corrupted);
      await assert.rejects(producer.send(new Uint8Array(500), { timeoutMs: 50 }), corrupted);
    }
  });
});

describe("hostile words elsewhere", () => {
  after(cleanUpRings);

  it("in the roles take them from nobody who has them: messages flow on", () => {
    const { producer, consumer, shared } = sound("roles");
    for (const value of garbage) {
      shared.set(layout.PRODUCER_ROLE, value);
      shared.set(layout.CONSUMER_ROLE, value);
      shared.set(layout.PRODUCER_STATE, value);
      shared.set(layout.CONSUMER_STATE, value);
      assert.equal(producer.trySend(messageOf(value, 20)), true);
      while (consumer.tryReceive() !== undefined);
    }
  });

  it("in the roles are taken for the dead: a successor can take them", () => {
    for (const value of garbage) {
      const { ring, producer, consumer, shared } = sound("successor");
      producer.close();
      consumer.close();
      shared.set(layout.PRODUCER_ROLE, value);
      shared.set(layout.CONSUMER_ROLE, value);
      ring.producer().trySend(bytes("x"));
      assert.equal(text(ring.consumer().tryReceive()), "two");
      ring.close();
    }
  });

  it("in the eventcounts lose no wake-up for good", async () => {
    const { producer, consumer, shared } = sound("eventcounts");
    consumer.tryReceive();
    for (const value of garbage) {
      shared.set(layout.CONSUMER_WAIT, value);
      shared.set(layout.PRODUCER_WAIT, value);
      const receiving = consumer.receive({ timeoutMs: 5000 });
      producer.trySend(bytes("x"));
      assert.equal(text(await receiving), "x");
    }
  });

  it("in the header change nothing for who has the ring open", () => {
    const { producer, consumer, shared } = sound("header");
    for (const offset of [layout.MAGIC, layout.VERSION, layout.CAPACITY, layout.MAX_MESSAGE_SIZE])
      shared.set(offset, -1);
    consumer.tryReceive();
    for (let number = 0; number < 500; number++) {
      assert.equal(producer.trySend(messageOf(number, number % 500)), true);
      assert.deepEqual(consumer.tryReceive(), messageOf(number, number % 500));
      assert.equal(consumer.tryReceive(), undefined);
    }
  });
});

describe("a process with a hostile peer", () => {
  after(cleanUpRings);

  it("survives thousands of random corruptions", { timeout: 120_000 }, async () => {
    const { seed } = new Random();
    const end = await runPeer(ownRuntime, fuzzer, [uniqueName("fuzz"), seed, 4000], { timeoutMs: 90_000 });
    assert.equal(end.signal, null, `seed ${seed}: ended by ${end.signal}\n${end.stdout.slice(-500)}${end.stderr}`);
    assert.equal(end.code, 0, `seed ${seed}: ${end.stdout.slice(-500)}${end.stderr}`);
    assert.match(end.stdout, /^survived 4000\n$/m);
  });

  for (const state of ["fresh", "used", "awaited"]) {
    it(`survives that the file of a ring is cut to nothing, ${state}`, async () => {
      const end = await runPeer(ownRuntime, peer, ["truncated", uniqueName("cut"), state], { timeoutMs: 15_000 });
      assert.equal(end.signal, null, `ended by ${end.signal}\n${end.stdout}${end.stderr}`);
      assert.match(end.stdout, /^alive$/m, end.stderr);
    });
  }

  it("is told within some hundred looks when it polls a ring whose file was cut", () => {
    for (const sent of [0, 5, 50]) {
      const { ring, name, producer, consumer } = makePair("polled", { capacity: 4096 });
      for (let count = 0; count < sent; count++) {
        producer.trySend(messageOf(count, 100));
        consumer.tryReceive();
      }
      const poll = (look: () => unknown) => {
        for (let looks = 0; looks < 300; looks++) look();
      };
      truncateSync(objectPath(name), 0);
      for (const look of [() => consumer.tryReceive(), () => consumer.drain(() => {})])
        assert.throws(() => poll(look), corrupted, `consumer after ${sent}`);
      assert.throws(() => poll(() => producer.trySend(messageOf(1, 100))), corrupted, `producer after ${sent}`);
      ring.close();
    }
  });

  it("is told when it waits on a ring whose file was cut: its wait would never end", async () => {
    const end = await runPeer(ownRuntime, peer, ["truncated", uniqueName("told"), "fresh"], { timeoutMs: 15_000 });
    assert.match(end.stdout, /^EBADMSG EBADMSG lost\n/, end.stderr);
  });
});
