// Explorer: a consumer killed before every single access that it makes to the ring's bytes.
//
// What it had processed may come again to its successor, and the position says so; nothing else may be missing.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PeerClosedError, PeerDiedError, type SpscConsumer, type SpscProducer } from "../../mod.ts";
import { CONSUMER_ROLE } from "../../src/ring/spsc/layout.ts";
import { compose, positionOf, Reader, STARTS, sendAll } from "./reader.ts";
import { type Attached, LARGEST, Scene } from "./scene.ts";
import { crashAt } from "./traced.ts";

/** Every way to receive; each takes one message, or all. */
const ways: readonly ((consumer: SpscConsumer, reader: Reader) => void)[] = [
  (consumer, reader) => reader.take(consumer.tryReceive() as Uint8Array, consumer.position),
  (consumer, reader) => {
    reader.take(consumer.peek() as Uint8Array, consumer.position);
    consumer.release();
  },
  (consumer, reader) => {
    const target = new Uint8Array(LARGEST);
    reader.take(target.subarray(0, consumer.tryReceiveInto(target)), consumer.position);
  },
  (consumer, reader) => {
    const take = (offset: number, length: number, position: number) =>
      reader.take(consumer.u8.slice(offset, offset + length), position);
    consumer.drainAt(take);
  },
  (consumer, reader) => reader.takeAll(consumer),
];

/** A whole life in all ways; `refill` stands for a producer. */
function live(consumer: SpscConsumer, reader: Reader, refill: () => void): void {
  for (const receive of ways) {
    for (let round = 0; round < 2; round++) {
      refill();
      receive(consumer, reader);
    }
  }
  consumer.close();
}

/** The number of the message that stands at this position. */
function sequenceAt(position: number, start: number, processed: number): number {
  for (let sequence = processed; sequence >= 0; sequence--) {
    if (positionOf(sequence, start) === position) return sequence;
  }
  throw new Error(`no message up to ${processed} stands at ${position}`);
}

/** A successor begins at a message that its predecessor had processed at most, and misses none. */
function succeed(scene: Scene, start: number, processed: number, sent: number): { side: SpscConsumer; next: number } {
  const { side } = scene.consumer();
  const first = side.peek();
  const next = first === undefined ? processed : sequenceAt(side.position, start, processed);
  const reader = new Reader(start, next);
  reader.takeAll(side);
  assert.equal(reader.next, Math.max(sent, processed));
  return { side, next: reader.next };
}

/** The producer is told once of a consumer that had the role, when the ring is full; then it goes on with the next. */
function checkProducer(scene: Scene, { side: producer }: Attached<SpscProducer>, dead: number): void {
  const owner = new DataView(scene.memory.buffer).getInt32(CONSUMER_ROLE, true);
  const send = () => producer.sendSync(new Uint8Array(LARGEST));
  if (owner !== dead) return;
  assert.throws(send, PeerDiedError);
  assert.equal(send(), false);
}

/** False: it had ended before that access. */
function killAt(index: number, start: number, isAtomic: boolean): boolean {
  const scene = new Scene(start, isAtomic);
  const { memory } = scene;
  return memory.trace(() => {
    const producer = scene.producer();
    const reader = new Reader(start);
    const life = scene.newLife();
    let sent = 0;
    const refill = () =>
      memory.freely(() => {
        sent = sendAll(producer.side, sent);
      });
    if (!crashAt(memory, index, () => live(scene.consumer(life).side, reader, refill))) return false;
    life.isDead = true;
    sent = sendAll(producer.side, sent);
    checkProducer(scene, producer, life.id);
    const { side: consumer, next } = succeed(scene, start, reader.next, sent);
    assert.equal(next, sent);
    assert.ok(producer.side.trySend(compose(next)));
    new Reader(start, next).takeAll(consumer);
    producer.side.close();
    assert.throws(() => consumer.receiveSync(), PeerClosedError);
    return true;
  });
}

describe("a consumer killed before each access", () => {
  for (const start of STARTS) {
    for (const isAtomic of [false, true]) {
      it(`first message at ${start}, ${isAtomic ? "atomic" : "plain"} publishing`, (t) => {
        let index = 0;
        while (killAt(index, start, isAtomic)) index++;
        assert.ok(index > 50, `only ${index} accesses`);
        t.diagnostic?.(`${index} instants`);
      });
    }
  }
});
