// The word that the consumer writes (D38): never where the producer may be writing again, whatever a handler does.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { MappedFile, Participants, SpscRing } from "../../mod.ts";
import { Random, temporaryDirectory } from "../support/mod.ts";
import { byteOf, cleanUpRings, makePair, messageOf } from "./bytes.ts";

const STEPS = 20_000;

describe("the consumer's word", () => {
  after(cleanUpRings);

  it("changes no message, also where handlers peek, receive and send", () => {
    const random = new Random();
    const { ring, producer, consumer } = makePair("taken", { capacity: 2048, maxMessageSize: 40 });
    let sent = 0;
    let seen = 0;
    const send = () => {
      const message = Uint8Array.from({ length: random.below(40) }, (_, index) => byteOf(sent, index));
      if (producer.trySend(message)) sent++;
    };
    const see = (message: Uint8Array, number: number) => {
      const isWhole = message.every((byte, index) => byte === byteOf(number, index));
      assert.ok(isWhole, `message ${number} was changed, seed ${random.seed}`);
    };
    const act = [
      send,
      () => send(),
      () => consumer.peekAt(),
      () => {
        const message = consumer.tryReceive();
        if (message !== undefined) see(message, seen++);
      },
      () => {
        if (consumer.peekAt() >= 0) seen++;
        consumer.release();
      },
    ];
    const handle = (message: Uint8Array) => {
      see(message, seen);
      const before = seen;
      if (random.below(2) === 0) consumer.peekAt(); // which may acknowledge what came before
      const isFlood = random.below(3) === 0;
      for (let more = random.below(isFlood ? 60 : 3); more > 0; more--) isFlood ? send() : act[random.below(5)]?.();
      if (seen === before) seen++; // nobody has taken it meanwhile
    };
    for (let step = 0; step < STEPS; step++) {
      if (random.below(8) === 0) consumer.drain(handle, random.below(60));
      else act[random.below(act.length)]?.();
    }
    assert.ok(seen > STEPS / 10);
    ring.close();
  });

  it("changes nothing in front of a ring whose large messages end near 2 GiB", () => {
    const [capacity, margin] = [4096, 2048];
    const file = MappedFile.create(join(temporaryDirectory(), "sparse"), { size: 2 ** 31, sparse: true });
    const start = 2 ** 31 - SpscRing.byteSize({ capacity });
    file.bytes.fill(0xee, start - margin, start);
    const ring = SpscRing.over(file, start, { participants: Participants.over(file, 0), capacity });
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    for (let round = 0; round < 200; round++) {
      producer.trySend(messageOf(round, round % 2 === 0 ? 2048 - (round % 3) : (round * 808) % 2048));
      consumer.drain((message) => assert.deepEqual(message, messageOf(round, message.length)));
    }
    assert.ok(file.bytes.subarray(start - margin, start).every((byte) => byte === 0xee));
    file.close();
  });
});
