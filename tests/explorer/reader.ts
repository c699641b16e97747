// What the explorers send and how they judge it: messages that prove themselves, in a ring that holds three or so.

import assert from "node:assert/strict";
import type { SpscConsumer, SpscProducer } from "../../mod.ts";
import { Judge, Messages, makePlace, recordBytes } from "../cross/peer_messages.ts";
import { LARGEST } from "./scene.ts";

export const messages = new Messages(12345, LARGEST);
const place = makePlace(LARGEST);

/** Positions of the first message: the beginning, and where positions, or their signs, are about to start anew. */
export const STARTS = [0, 2 ** 32 - 24, 2 ** 31 - 40];

export function compose(sequence: number): Uint8Array {
  return place.u8.slice(0, messages.write(place, 0, sequence));
}

/** Where message `sequence` stands. */
export function positionOf(sequence: number, start: number): number {
  let position = start;
  for (let before = 0; before < sequence; before++) position += recordBytes(messages.sizeOf(before));
  return position >>> 0;
}

/** Sends until the ring is full: the number of the next message. */
export function sendAll(producer: SpscProducer, first: number): number {
  let sequence = first;
  while (producer.trySend(compose(sequence))) sequence++;
  return sequence;
}

/** Judges what it takes; any fault fails at once. */
export class Reader {
  readonly #judge: Judge;

  /** From message `next` on. */
  constructor(start: number, next = 0) {
    this.#judge = new Judge(messages, next, positionOf(next, start));
  }

  /** How many messages were taken, and those before the first. */
  get next(): number {
    return this.#judge.next;
  }

  get position(): number {
    return this.#judge.position;
  }

  take(message: Uint8Array, position: number): void {
    place.u8.set(message);
    this.#judge.take(place, 0, message.length, position);
    assert.deepEqual(this.#judge.faults, { lost: 0, reordered: 0, torn: 0, misplaced: 0 });
  }

  /** Takes copies of all that is there. */
  takeAll(consumer: SpscConsumer): void {
    for (let message = consumer.tryReceive(); message !== undefined; message = consumer.tryReceive()) {
      this.take(message, consumer.position);
    }
  }
}
