// The ways to send that are measured: each sends `count` messages numbered from `first`, asking again while the ring is
// full. The last message of a trial is sent by the plain call.
import type { SpscProducer } from "../../mod.ts";
import { END, Message, TICK_SIZE, writeTick } from "./messages.ts";

export type Send = (first: number, count: number) => void;

const BATCH = 64;

/** claimAt and commit: the tick's fields are stored straight into the ring. */
function claimSender(producer: SpscProducer): Send {
  const { i32, f64 } = producer;
  return (first, count) => {
    for (let i = 0; i < count; i++) {
      let offset = producer.claimAt(TICK_SIZE);
      while (offset < 0) offset = producer.claimAt(TICK_SIZE);
      writeTick(i32, f64, offset, (first + i) | 0);
      producer.commit();
    }
  };
}

/** The same, published once in 64 messages. */
function corkSender(producer: SpscProducer): Send {
  const send = claimSender(producer);
  return (first, count) => {
    for (let sent = 0; sent < count; sent += BATCH) {
      producer.cork();
      send((first + sent) | 0, Math.min(BATCH, count - sent));
      producer.uncork();
    }
  };
}

/** fillAt: 64 ticks filled in one call and published at once. */
function fillSender(producer: SpscProducer): Send {
  const { i32, f64 } = producer;
  let sequence = 0;
  const write = (offset: number) => {
    writeTick(i32, f64, offset, sequence);
    sequence = (sequence + 1) | 0;
  };
  return (first, count) => {
    sequence = first;
    for (let left = count; left > 0; ) left -= producer.fillAt(TICK_SIZE, Math.min(BATCH, left), write);
  };
}

/** claimAt and one copy of a message of any size into the ring. */
function copySender(producer: SpscProducer, size: number): Send {
  const { u8 } = producer;
  const message = new Message(size);
  return (first, count) => {
    for (let i = 0; i < count; i++) {
      const bytes = message.number((first + i) | 0);
      let offset = producer.claimAt(size);
      while (offset < 0) offset = producer.claimAt(size);
      u8.set(bytes, offset);
      producer.commit();
    }
  };
}

/** trySend. */
function plainSender(producer: SpscProducer, size: number): Send {
  const message = new Message(size);
  return (first, count) => {
    for (let i = 0; i < count; i++) {
      const bytes = message.number((first + i) | 0);
      while (!producer.trySend(bytes));
    }
  };
}

const SENDERS: Record<string, (producer: SpscProducer, size: number) => Send> = {
  claim: claimSender,
  cork: corkSender,
  fill: fillSender,
  copy: copySender,
  plain: plainSender,
};

export function makeSender(kind: string, producer: SpscProducer, size: number): Send {
  const make = SENDERS[kind];
  if (make === undefined) throw new RangeError(`no such sender: ${kind}`);
  return make(producer, size);
}

export function sendEnd(producer: SpscProducer, size: number): void {
  const message = new Message(size).number(END);
  while (!producer.trySend(message));
}
