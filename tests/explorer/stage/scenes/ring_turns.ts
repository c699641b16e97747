// Messages that wait for room in turn: who leaves makes way, and what was said of each message is true of it.

import { clearTimeout, setTimeout } from "node:timers";
import type { Placement } from "../../../../src/memory/placement.ts";
import type { SpscConsumer } from "../../../../src/ring/spsc/consumer.ts";
import { writeGeometry } from "../../../../src/ring/spsc/geometry.ts";
import type { SpscProducer } from "../../../../src/ring/spsc/producer.ts";
import { Futex } from "../../../../src/wait/futex.ts";
import { inTime, timeout, unlessAborted } from "../leaving.ts";
import type { Life, Scene, Self } from "../scene.ts";
import { RingUser } from "./ring.ts";

/** A large message beside two small ones, or beside a large one that is there, finds no room; a small one does. */
const geometry = { capacity: 64, maxMessageSize: 24 };
const [SMALL, LARGE] = [8, 24] as const;
const MESSAGES = 4;
/** Which messages were said to be sent, and which were received (a bit each), and the number of the last of these. */
const [SENT, RECEIVED, LAST] = [0, 1, 2] as const;

class User extends RingUser {
  /** Its word tells the consumer that the producer has heard of all its messages. */
  readonly #hasHeard: Futex;

  constructor(placement: Placement) {
    super(placement, geometry);
    this.#hasHeard = Futex.over(placement.memory, placement.base + 2048);
  }

  /** The producer sends, and hears of it. */
  async send(send: (producer: SpscProducer) => Promise<void>): Promise<void> {
    const { producer } = this;
    await send(producer);
    this.#hasHeard.store(1);
    this.#hasHeard.wake();
    producer.close();
  }

  /** The consumer receives so many, and the rest when the producer needs no room any more. */
  receive(count: number, self: Self): void {
    const { consumer } = this;
    for (let received = 0; received < count; received++) receive(consumer, self);
    consumer.release();
    this.#hasHeard.waitSync(0);
    for (let received = 0; received < MESSAGES; received++) receive(consumer, self);
    consumer.close();
  }
}

/** Its number in all bytes. */
const compose = (number: number, size: number) => new Uint8Array(size).fill(number);

function noteSent(isSent: boolean | undefined, number: number, { notes }: Self): void {
  if (isSent) notes[SENT] = (notes[SENT] as number) | (1 << number);
}

function receive(consumer: SpscConsumer, { notes, fail }: Self): void {
  const message = consumer.tryReceive();
  if (message === undefined) return;
  const number = message[0] as number;
  if (number <= (notes[LAST] as number)) fail(`message ${number} comes behind ${notes[LAST]}`);
  notes[LAST] = number;
  notes[RECEIVED] = (notes[RECEIVED] as number) | (1 << number);
}

/** Numbers 1 and 2 lie in the ring, and the large number 3 waits as long as it may. */
async function sendThird(producer: SpscProducer, self: Self, hasSignal: boolean): Promise<void> {
  for (const number of [1, 2]) noteSent(producer.trySend(compose(number, SMALL)), number, self);
  const message = compose(3, LARGE);
  const isSent = hasSignal
    ? await unlessAborted((options) => producer.send(message, options))
    : inTime(await producer.send(message, timeout), self);
  noteSent(isSent, 3, self);
}

/** The small number 4 finds room when number 3 has left. */
function sendBoth(hasSignal: boolean): Life<User> {
  return (ring, self) =>
    ring.send(async (producer) => {
      const third = sendThird(producer, self, hasSignal);
      await Promise.all([third, producer.send(compose(4, SMALL)).then((isSent) => noteSent(isSent, 4, self))]);
    });
}

/** Number 4 is tried when the time is up, and number 3 before it, whose own call has not heard of that. */
function sendAndTry(hasSignal: boolean): Life<User> {
  return (ring, self) =>
    ring.send(async (producer) => {
      const timer = setTimeout(() => noteSent(producer.trySend(compose(4, SMALL)), 4, self), timeout.timeoutMs);
      await sendThird(producer, self, hasSignal);
      clearTimeout(timer);
    });
}

export const scene: Scene<User> = {
  fill: (buffer, base) => writeGeometry(buffer, base, geometry),
  make: (placement) => new User(placement),
  lives: {
    "sends with a timeout, and a small one": sendBoth(false),
    "sends with a signal, and a small one": sendBoth(true),
    "sends with a timeout, and tries then": sendAndTry(false),
    "sends with a signal, and tries then": sendAndTry(true),
    "receives later": (ring, self) => ring.receive(0, self),
    "receives one, and later": (ring, self) => ring.receive(1, self),
    "receives two, and later": (ring, self) => ring.receive(2, self),
  },
  judge(_, { notes, asleep, fail }) {
    if (asleep.length > 0) fail(`${asleep} wait for ever`);
    if (notes[RECEIVED] !== notes[SENT]) fail(`messages ${notes[RECEIVED]} were received, of ${notes[SENT]} (bits)`);
  },
};
