// All ways of sending, mixed by a seed: bursts of messages by one way each.

import { PeerDiedError, type SpscProducer } from "../../mod.ts";
import type { Random } from "../support/random.ts";
import { type Messages, makePlace } from "./peer_messages.ts";

export interface SenderEvents {
  /** Messages up to this number, exclusive, are committed. */
  onSent(count: number): void;
  onDeath(error: PeerDiedError): void;
}

type Way = (sender: Sender, first: number, end: number) => void | Promise<void>;

const ways: Record<string, Way> = {
  async trySend(sender, first, end) {
    for (let sequence = first; sequence < end; sequence++) {
      const bytes = sender.compose(sequence);
      if (!sender.producer.trySend(bytes)) await sender.persist(bytes);
      sender.events.onSent(sequence + 1);
    }
  },
  async send(sender, first, end) {
    for (let sequence = first; sequence < end; sequence++) {
      await sender.persist(sender.compose(sequence));
      sender.events.onSent(sequence + 1);
    }
  },
  sendSync(sender, first, end) {
    for (let sequence = first; sequence < end; sequence++) {
      sender.persistSync(sender.compose(sequence));
      sender.events.onSent(sequence + 1);
    }
  },
  /** In place, at an offset. */
  claimAt(sender, first, end) {
    for (let sequence = first; sequence < end; sequence++) {
      if (!sender.sendInPlace(sequence)) sender.persistSync(sender.compose(sequence));
      sender.events.onSent(sequence + 1);
    }
  },
  /** In place, more than needed, and only a part committed; aborted claims between. */
  async claim(sender, first, end) {
    for (let sequence = first; sequence < end; sequence++) {
      const bytes = sender.compose(sequence);
      sender.producer.claim(bytes.length)?.fill(0xee);
      sender.producer.abort();
      const room = sender.producer.claim(Math.min(bytes.length + 40, sender.messages.largest));
      room?.set(bytes);
      if (room === undefined) await sender.persist(bytes);
      else sender.producer.commit(bytes.length);
      sender.events.onSent(sequence + 1);
    }
  },
  corked(sender, first, end) {
    sender.producer.cork();
    for (let sequence = first; sequence < end; sequence++) {
      if (!sender.sendInPlace(sequence)) sender.persistSync(sender.compose(sequence));
    }
    sender.producer.uncork();
    sender.events.onSent(end);
  },
  /** Several promises at once: they are served in order. Not where a death may reject just one of them. */
  async together(sender, first, end) {
    const sequences = Array.from({ length: end - first }, (_, index) => first + index);
    await Promise.all(sequences.map((sequence) => sender.producer.send(sender.compose(sequence).slice())));
    sender.events.onSent(end);
  },
};

export const sendWays: readonly string[] = Object.keys(ways);

/** At most so many messages in a burst; what was sent is noted at its end at the latest. */
export const LONGEST_BURST = 64;

export class Sender {
  readonly producer: SpscProducer;
  readonly messages: Messages;
  readonly events: SenderEvents;
  readonly #place;

  constructor(producer: SpscProducer, messages: Messages, events: SenderEvents) {
    this.producer = producer;
    this.messages = messages;
    this.events = events;
    this.#place = makePlace(messages.largest);
  }

  compose(sequence: number): Uint8Array {
    return this.#place.u8.subarray(0, this.messages.write(this.#place, 0, sequence));
  }

  /** False when the ring is full. */
  sendInPlace(sequence: number): boolean {
    const offset = this.producer.claimAt(this.messages.sizeOf(sequence));
    if (offset < 0) return false;
    this.messages.write(this.producer, offset, sequence);
    this.producer.commit();
    return true;
  }

  #forgive(error: unknown): void {
    if (!(error instanceof PeerDiedError)) throw error;
    this.events.onDeath(error);
  }

  /** Sends, through deaths of the consumer. */
  async persist(bytes: Uint8Array): Promise<void> {
    for (;;) {
      try {
        if (await this.producer.send(bytes)) return;
      } catch (error) {
        this.#forgive(error);
      }
    }
  }

  persistSync(bytes: Uint8Array): void {
    for (;;) {
      try {
        if (this.producer.sendSync(bytes)) return;
      } catch (error) {
        this.#forgive(error);
      }
    }
  }

  /** One burst by a way chosen from `among`: how many messages it had. */
  async burst(first: number, limit: number, random: Random, among: readonly string[]): Promise<number> {
    const end = Math.min(limit, first + 1 + random.below(LONGEST_BURST));
    await (ways[random.pick(among)] as Way)(this, first, end);
    return end - first;
  }
}
