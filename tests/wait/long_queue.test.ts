// Queues of tens of thousands: in order, whoever leaves, and no slower for each than short ones.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SpscRing } from "../../mod.ts";
import { Queue } from "../../src/wait/queue.ts";
import { cleanUp, least, Random, uniqueName } from "../support/mod.ts";

const FEW = 4000;
const MANY = 40_000;

/** Microseconds for each of so many sends that wait for room, and receives that wait for them. */
async function costOf(count: number): Promise<number> {
  const ring = SpscRing.create(uniqueName("long"), { capacity: 4096, unlinkOnClose: true });
  const [producer, consumer] = [ring.producer(), ring.consumer()];
  const message = new Uint8Array(24);
  const begin = performance.now();
  const sending = Array.from({ length: count }, () => producer.send(message));
  const receiving = Array.from({ length: count }, () => consumer.receive());
  await Promise.all([...sending, ...receiving]);
  const took = performance.now() - begin;
  ring.close();
  return (took * 1000) / count;
}

describe("a long queue", () => {
  after(cleanUp);

  it("is in order, whoever leaves it and from where", () => {
    const random = new Random();
    const queue = new Queue<number>();
    let model: number[] = [];
    for (let step = 0; step < 30_000; step++) {
      const way = random.below(8);
      if (way < (step % 10_000 < 5000 ? 5 : 2)) {
        queue.add(step);
        model.push(step);
      } else if (way < 7) {
        queue.shift();
        model.shift();
      } else {
        const item = random.below(2) === 0 ? model[0] : random.below(step + 1);
        const index = item === undefined ? -1 : model.indexOf(item);
        assert.equal(queue.remove(item ?? -1), index, `seed ${random.seed}`);
        if (index >= 0) model.splice(index, 1);
      }
      assert.deepEqual([queue.first, queue.size], [model[0], model.length], `seed ${random.seed}`);
      if (random.below(10_000) > 0) continue;
      assert.deepEqual(queue.clear(), model, `seed ${random.seed}`);
      model = [];
    }
    assert.deepEqual([queue.clear(), queue.first, queue.size], [model, undefined, 0]);
  });

  it("takes no longer for each send and receive", { timeout: 180_000 }, async () => {
    const few = await least(0, () => costOf(FEW));
    const limit = 4 * few;
    const many = await least(limit, () => costOf(MANY));
    assert.ok(many < limit, `${many} us for each of ${MANY}, ${few} of ${FEW}`);
  });
});
