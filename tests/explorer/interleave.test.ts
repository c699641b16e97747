// Explorer: whatever one side does, done between any two accesses of the other side.
//
// One or two interruptions at every instant of a call; each interruption is a whole call of the other side. Accesses
// take effect in program order. Not covered: both sides half-way through a call at once in more than these two ways.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SpscConsumer, SpscProducer } from "../../mod.ts";
import { compose, Reader, STARTS, sendAll } from "./reader.ts";
import { LARGEST, Scene } from "./scene.ts";
import { actAt } from "./traced.ts";

/** Both sides at work on one ring, and all that was sent and received so far. */
class Pair {
  readonly producer: SpscProducer;
  readonly consumer: SpscConsumer;
  readonly reader: Reader;
  sent = 0;

  constructor(scene: Scene, start: number) {
    this.producer = scene.producer().side;
    this.consumer = scene.consumer().side;
    this.reader = new Reader(start);
  }

  send(): void {
    if (this.producer.trySend(compose(this.sent))) this.sent++;
  }

  /** Everything that was sent arrives, and the ring can be filled and emptied. */
  settle(): void {
    for (let round = 0; round < 2; round++) {
      this.reader.takeAll(this.consumer);
      assert.equal(this.reader.next, this.sent);
      this.sent = sendAll(this.producer, this.sent);
    }
  }
}

type Act = (pair: Pair) => void;

const sends: Record<string, Act> = {
  trySend: (pair) => pair.send(),
  corked(pair) {
    pair.producer.cork();
    pair.send();
    pair.send();
    pair.producer.uncork();
  },
  claim(pair) {
    const room = pair.producer.claim(LARGEST);
    if (room === undefined) return;
    const bytes = compose(pair.sent);
    room.set(bytes);
    pair.producer.commit(bytes.length);
    pair.sent++;
  },
};

const receives: Record<string, Act> = {
  tryReceive({ reader, consumer }) {
    const message = consumer.tryReceive();
    if (message !== undefined) reader.take(message, consumer.position);
  },
  drainAt: ({ reader, consumer }) =>
    void consumer.drainAt((offset, length, position) =>
      reader.take(consumer.u8.slice(offset, offset + length), position),
    ),
  takeAll: ({ reader, consumer }) => reader.takeAll(consumer),
};

/** How full the ring is at the beginning. */
const beginnings: Record<string, Act> = {
  empty: () => {},
  "one message": (pair) => pair.send(),
  full(pair) {
    pair.sent = sendAll(pair.producer, 0);
  },
};

/** `act` before these accesses of `main`; false when there is not even the first. */
function interrupt(start: number, begin: Act, main: Act, act: Act, indices: readonly number[]): boolean {
  const scene = new Scene(start);
  return scene.memory.trace(() => {
    const pair = new Pair(scene, start);
    begin(pair);
    const happened = actAt(
      scene.memory,
      indices,
      () => act(pair),
      () => main(pair),
    );
    pair.settle();
    return happened;
  });
}

function explore(main: Act, act: Act): number {
  let count = 0;
  for (const start of STARTS) {
    for (const begin of Object.values(beginnings)) {
      for (const further of [0, 1, 2, 3, 5]) {
        for (let first = 0; interrupt(start, begin, main, act, [first, first + further]); first++) count++;
      }
    }
  }
  return count;
}

describe("one side between two accesses of the other", () => {
  for (const [sending, send] of Object.entries(sends)) {
    for (const [receiving, receive] of Object.entries(receives)) {
      it(`${receiving} within ${sending}, ${sending} within ${receiving}`, (t) => {
        const count = explore(send, receive) + explore(receive, send);
        assert.ok(count > 50, `only ${count} instants`);
        t.diagnostic?.(`${count} instants`);
      });
    }
  }
});
