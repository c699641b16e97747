// All ways of receiving, mixed by a seed: turns of some messages by one way each.

import { PeerClosedError, PeerDiedError, type SpscConsumer } from "../../mod.ts";
import type { Random } from "../support/random.ts";
import { makePlace, type Place } from "./peer_messages.ts";

export interface ReceiverEvents {
  /** `position` is undefined where the consumer's is already that of a later message. */
  onMessage(place: Place, offset: number, length: number, position: number | undefined): void;
  onDeath(error: PeerDiedError): void;
}

/** Takes up to `count` messages; 0 when there was none and the way does not wait. */
type Way = (receiver: Receiver, count: number) => number | Promise<number>;

const ways: Record<string, Way> = {
  tryReceive(receiver, count) {
    for (let taken = 0; taken < count; taken++) {
      const message = receiver.consumer.tryReceive();
      if (message === undefined) return taken;
      receiver.take(message, receiver.consumer.position);
    }
    return count;
  },
  tryReceiveInto(receiver, count) {
    for (let taken = 0; taken < count; taken++) {
      const length = receiver.consumer.tryReceiveInto(receiver.place.u8);
      if (length < 0) return taken;
      receiver.events.onMessage(receiver.place, 0, length, receiver.consumer.position);
    }
    return count;
  },
  async receive(receiver, count) {
    for (let taken = 0; taken < count; taken++) {
      const message = await receiver.consumer.receive();
      receiver.take(message, receiver.consumer.position);
    }
    return count;
  },
  receiveSync(receiver, count) {
    for (let taken = 0; taken < count; taken++) {
      const message = receiver.consumer.receiveSync();
      receiver.take(message, receiver.consumer.position);
    }
    return count;
  },
  peekAt(receiver, count) {
    const { consumer, events } = receiver;
    for (let taken = 0; taken < count; taken++) {
      const offset = consumer.peekAt();
      if (offset < 0) return taken;
      events.onMessage(consumer, offset, consumer.length, consumer.position);
      consumer.release();
    }
    return count;
  },
  peek(receiver, count) {
    for (let taken = 0; taken < count; taken++) {
      const message = receiver.consumer.peek();
      if (message === undefined) return taken;
      receiver.take(message, receiver.consumer.position);
      receiver.consumer.release();
    }
    return count;
  },
  drainAt(receiver, count) {
    const { consumer, events } = receiver;
    return consumer.drainAt((offset, length, position) => events.onMessage(consumer, offset, length, position), count);
  },
  drain(receiver, count) {
    const { consumer } = receiver;
    return consumer.drain((message) => receiver.take(message, consumer.position), count);
  },
  async iterate(receiver, count) {
    let taken = 0;
    for await (const message of receiver.consumer) {
      receiver.take(message, receiver.consumer.position);
      if (++taken === count) break;
    }
    if (taken < count) receiver.hasEnded = true;
    return taken;
  },
  /** Several promises at once: they are served in order. Not where a message must be noted before the next is asked. */
  async together(receiver, count) {
    const { consumer } = receiver;
    const receiveOne = async () => receiver.take(await consumer.receive(), undefined);
    const results = await Promise.allSettled(Array.from({ length: Math.min(count, 8) }, receiveOne));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return results.length;
  },
};

export const receiveWays: readonly string[] = Object.keys(ways);

const LONGEST_TURN = 64;

export class Receiver {
  readonly consumer: SpscConsumer;
  readonly events: ReceiverEvents;
  /** Where copies are judged: a message may stand at any offset of its buffer. */
  readonly place: Place;
  hasEnded = false;

  constructor(consumer: SpscConsumer, largest: number, events: ReceiverEvents) {
    this.consumer = consumer;
    this.events = events;
    this.place = makePlace(largest);
  }

  take(message: Uint8Array | undefined, position: number | undefined): void {
    if (message === undefined) throw new Error("a receive without a timeout answered undefined");
    this.place.u8.set(message);
    this.events.onMessage(this.place, 0, message.length, position);
  }

  /** One turn by a way chosen from `among`; sleeps, blocking or awaiting, when a way that does not wait finds none. */
  async turn(random: Random, among: readonly string[]): Promise<void> {
    const count = 1 + random.below(LONGEST_TURN);
    try {
      if ((await (ways[random.pick(among)] as Way)(this, count)) > 0 || this.hasEnded) return;
      await (ways[random.below(2) === 0 ? "receive" : "receiveSync"] as Way)(this, 1);
    } catch (error) {
      if (error instanceof PeerClosedError) this.hasEnded = true;
      else if (error instanceof PeerDiedError) this.events.onDeath(error);
      else throw error;
    }
  }
}
