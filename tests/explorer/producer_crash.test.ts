// Explorer: a producer killed before every single access that it makes to the ring's bytes.
//
// Accesses take effect in program order here (as plain stores become visible in order on x86-64), and a killed side
// loses all that is not in the bytes. Not covered: weaker orders, and the waiting engine (litmus and crash tests).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PeerClosedError, PeerDiedError, type SpscConsumer, type SpscProducer } from "../../mod.ts";
import { STATE_CLOSED } from "../../src/ring/layout.ts";
import { PRODUCER_ROLE, PRODUCER_STATE } from "../../src/ring/spsc/layout.ts";
import { compose, Reader, STARTS, sendAll } from "./reader.ts";
import { LARGEST, Scene } from "./scene.ts";
import { crashAt } from "./traced.ts";

/** Messages that are committed for certain, and those that may be. */
interface Sent {
  certain: number;
  possible: number;
}

type SendOnce = (producer: SpscProducer, first: number) => void;

/** Every way to commit, each with how many messages it commits. */
const ways: readonly (readonly [number, SendOnce])[] = [
  [1, (producer, first) => assert.ok(producer.trySend(compose(first)))],
  [
    1,
    (producer, first) => {
      const bytes = compose(first);
      producer.claimAt(5);
      producer.abort();
      producer.claim(LARGEST)?.set(bytes);
      producer.commit(bytes.length);
    },
  ],
  [
    2,
    (producer, first) => {
      producer.cork();
      for (const sequence of [first, first + 1]) assert.ok(producer.trySend(compose(sequence)));
      producer.uncork();
    },
  ],
  [
    1,
    (producer, first) => {
      const bytes = compose(first);
      const count = producer.fillAt(bytes.length, 1, (offset) => producer.u8.set(bytes, offset));
      assert.equal(count, 1);
    },
  ],
];

/** A whole life in all ways; `makeRoom` stands for a consumer. */
function live(producer: SpscProducer, sent: Sent, makeRoom: () => void): void {
  for (let round = 0; round < 3; round++) {
    for (const [count, send] of ways) {
      sent.possible += count;
      send(producer, sent.certain);
      sent.certain = sent.possible;
      makeRoom();
    }
  }
  producer.close();
}

/** What the consumer is told in three looks. */
function toldIn(consumer: SpscConsumer): { died: number; closed: number } {
  const told = { died: 0, closed: 0 };
  for (let look = 0; look < 3; look++) {
    try {
      assert.equal(consumer.receiveSync(), undefined);
    } catch (error) {
      if (error instanceof PeerDiedError) told.died++;
      else if (error instanceof PeerClosedError) told.closed++;
      else throw error;
    }
  }
  return told;
}

/** A death once, if it had the role; an orderly end for ever. */
function expectedToBeTold(scene: Scene, life: number): { died: number; closed: number } {
  const words = new DataView(scene.memory.buffer);
  const owner = words.getInt32(PRODUCER_ROLE, true);
  if (owner === life) return { died: 1, closed: 0 };
  return { died: 0, closed: words.getInt32(PRODUCER_STATE, true) === STATE_CLOSED ? 3 : 0 };
}

/** A successor goes on where the dead one was, to the end of the stream. */
function succeed(scene: Scene, consumer: SpscConsumer, reader: Reader): void {
  const { side } = scene.producer();
  assert.equal(side.position, reader.position);
  for (let round = 0; round < 3; round++) {
    const end = sendAll(side, reader.next);
    reader.takeAll(consumer);
    assert.equal(reader.next, end);
  }
  side.close();
  assert.throws(() => consumer.receiveSync(), PeerClosedError);
}

/** False: it had ended before that access. */
function killAt(index: number, start: number, isAtomic: boolean): boolean {
  const scene = new Scene(start, isAtomic);
  const { memory } = scene;
  return memory.trace(() => {
    const consumer = scene.consumer().side;
    const reader = new Reader(start);
    const sent: Sent = { certain: 0, possible: 0 };
    const life = scene.newLife();
    const makeRoom = () => memory.freely(() => reader.takeAll(consumer));
    if (!crashAt(memory, index, () => live(scene.producer(life).side, sent, makeRoom))) return false;
    life.isDead = true;
    reader.takeAll(consumer);
    assert.ok(reader.next >= sent.certain && reader.next <= sent.possible, `${reader.next} of ${JSON.stringify(sent)}`);
    assert.deepEqual(toldIn(consumer), expectedToBeTold(scene, life.id));
    succeed(scene, consumer, reader);
    return true;
  });
}

describe("a producer killed before each access", () => {
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
