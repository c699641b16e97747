// The ways to receive that are measured: each takes at least `count` messages and checks every sequence number; it says
// how many it took, less than `count` when the last message has come.
import type { SpscConsumer } from "../../mod.ts";
import { END, Message, readTick, sequenceOf, Tick, touchLines } from "./messages.ts";

export type Take = (count: number) => number;

/** Checks that no number is left out; knows when the last message has come. */
export class Account {
  ended = false;
  expected = 0;

  accept(sequence: number): void {
    if (sequence !== this.expected) this.stop(sequence);
    this.expected = (this.expected + 1) | 0;
  }

  stop(sequence: number): void {
    if (sequence !== END) throw new Error(`message ${this.expected} was lost, ${sequence} came`);
    this.ended = true;
  }
}

/** Asks until there is a message. */
function nextOffset(consumer: SpscConsumer): number {
  let offset = consumer.peekAt();
  while (offset < 0) offset = consumer.peekAt();
  return offset;
}

/** peekAt and release: the tick's fields are copied to an object of the consumer. */
function peekReceiver(consumer: SpscConsumer, account: Account): Take {
  const { i32, f64 } = consumer;
  const tick = new Tick();
  return (count) => {
    let taken = 0;
    for (; taken < count && !account.ended; taken++) {
      readTick(i32, f64, nextOffset(consumer), tick);
      consumer.release();
      account.accept(tick.timestamp);
    }
    return taken;
  };
}

/** A drain that finds more and more would never come back to look at the clock. */
const DRAIN_MOST = 1024;

/** drainAt: the same in batches of whatever is there. */
function drainReceiver(consumer: SpscConsumer, account: Account): Take {
  const { i32, f64 } = consumer;
  const tick = new Tick();
  const handle = (offset: number) => {
    readTick(i32, f64, offset, tick);
    account.accept(tick.timestamp);
  };
  return (count) => {
    let taken = 0;
    while (taken < count && !account.ended) taken += consumer.drainAt(handle, DRAIN_MOST);
    return taken;
  };
}

/** tryReceiveInto: one copy out of the ring into memory of the consumer. */
function copyReceiver(consumer: SpscConsumer, account: Account, size: number): Take {
  const { bytes, doubles } = new Message(size);
  return (count) => {
    let taken = 0;
    for (; taken < count && !account.ended; taken++) {
      while (consumer.tryReceiveInto(bytes) < 0);
      account.accept(doubles[0] as number);
    }
    return taken;
  };
}

/** peekAt, a look at every cache line of the message in the ring, release. */
function inPlaceReceiver(consumer: SpscConsumer, account: Account, size: number): Take {
  const { i32, f64 } = consumer;
  let sum = 0;
  return (count) => {
    let taken = 0;
    for (; taken < count && !account.ended; taken++) {
      const offset = nextOffset(consumer);
      sum = (sum + touchLines(i32, offset, size)) | 0;
      const sequence = f64[offset >> 3] as number;
      consumer.release();
      account.accept(sequence);
    }
    return taken;
  };
}

/** tryReceive: a fresh Uint8Array for every message. */
function plainReceiver(consumer: SpscConsumer, account: Account): Take {
  return (count) => {
    let taken = 0;
    for (; taken < count && !account.ended; taken++) {
      let bytes = consumer.tryReceive();
      while (bytes === undefined) bytes = consumer.tryReceive();
      account.accept(sequenceOf(bytes));
    }
    return taken;
  };
}

const RECEIVERS: Record<string, (consumer: SpscConsumer, account: Account, size: number) => Take> = {
  peek: peekReceiver,
  drain: drainReceiver,
  copy: copyReceiver,
  "in-place": inPlaceReceiver,
  plain: plainReceiver,
};

export function makeReceiver(kind: string, consumer: SpscConsumer, account: Account, size: number): Take {
  const make = RECEIVERS[kind];
  if (make === undefined) throw new RangeError(`no such receiver: ${kind}`);
  return make(consumer, account, size);
}
