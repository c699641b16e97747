// Explorer: a producer killed before every single access while it publishes a batch: all of it is there, or nothing.
//
// The marks behind the first message are written long before it is committed. A successor must not let them be found.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SpscConsumer, SpscProducer } from "../../mod.ts";
import { STARTS } from "./reader.ts";
import { Scene } from "./scene.ts";
import { crashAt } from "./traced.ts";

const BATCH = 3;
const SIZE = 8;
/** Ends where the third message of the batch begins. */
const FOLLOWER = new Uint8Array(20).fill(5);

function write(producer: SpscProducer, offset: number, number: number): void {
  producer.i32[offset / 4] = number;
  producer.i32[offset / 4 + 1] = ~number;
}

const batches: Record<string, (producer: SpscProducer) => void> = {
  fillAt: (producer) => void producer.fillAt(SIZE, BATCH, (offset, number) => write(producer, offset, number)),
  cork(producer) {
    producer.cork();
    for (let number = 0; number < BATCH; number++) {
      write(producer, producer.claimAt(SIZE), number);
      producer.commit();
    }
    producer.uncork();
  },
};

/** How many of the batch there are; they must be the first ones, and whole. */
function countOf(consumer: SpscConsumer): number {
  let count = 0;
  consumer.drainAt((offset, length) => {
    const words = [consumer.i32[offset / 4], consumer.i32[offset / 4 + 1]];
    assert.deepEqual([length, ...words], [SIZE, count, ~count]);
    count++;
  });
  return count;
}

/** False: it had ended before that access. */
function killAt(index: number, start: number, isAtomic: boolean, publish: (producer: SpscProducer) => void): boolean {
  const scene = new Scene(start, isAtomic);
  const { memory } = scene;
  return memory.trace(() => {
    const consumer = scene.consumer().side;
    const life = scene.newLife();
    const happened = crashAt(memory, index, () => publish(scene.producer(life).side));
    life.isDead = true;
    const count = countOf(consumer);
    assert.ok(count === BATCH || (happened && count === 0), `${count} of ${BATCH}`);
    assert.ok(scene.producer().side.trySend(FOLLOWER));
    assert.deepEqual(consumer.tryReceive(), FOLLOWER);
    assert.equal(consumer.tryReceive(), undefined);
    return happened;
  });
}

describe("a batch whose producer is killed before each access", () => {
  for (const [name, publish] of Object.entries(batches)) {
    it(name, (t) => {
      let count = 0;
      for (const start of STARTS) {
        for (const isAtomic of [false, true]) {
          let index = 0;
          while (killAt(index, start, isAtomic, publish)) index++;
          count += index;
        }
      }
      assert.ok(count > 60, `only ${count} accesses`);
      t.diagnostic?.(`${count} instants`);
    });
  }
});
