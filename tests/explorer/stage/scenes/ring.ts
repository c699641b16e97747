// A ring: what is committed arrives, once and in order, whoever is killed; ends and deaths are told; nobody is left asleep.

import type { Placement } from "../../../../src/memory/placement.ts";
import type { SpscConsumer } from "../../../../src/ring/spsc/consumer.ts";
import { type RingGeometry, writeGeometry } from "../../../../src/ring/spsc/geometry.ts";
import type { SpscProducer } from "../../../../src/ring/spsc/producer.ts";
import { SpscRing } from "../../../../src/ring/spsc/ring.ts";
import { errno } from "../../../../src/sys/errno.ts";
import { IpcError, PeerClosedError, PeerDiedError } from "../../../../src/sys/error.ts";
import { inTime, timeout, unlessAborted } from "../leaving.ts";
import type { Scene, Self } from "../scene.ts";

/** Three messages fit, and five are sent. */
const geometry = { capacity: 64, maxMessageSize: 8 };
const MESSAGES = 5;
/**
 * How many messages `send` came back for, and how many were received; and for each user, whether it surely had a role, and whether it may
 * have given it back.
 */
const [SENT, RECEIVED, HAD_ROLE, CLOSES] = [0, 1, 8, 16] as const;
/** By the order of the cast. */
const [PRODUCER, CONSUMER, SUCCESSOR] = [1, 2, 3] as const;

const Ring = SpscRing as unknown as new (parts: object) => SpscRing;

/** A ring whose sides do not keep its player awake; what it has taken goes with the play. */
export class RingUser {
  readonly #ring: SpscRing;

  constructor(placement: Placement, geometry: RingGeometry) {
    this.#ring = new Ring({ placement, geometry, created: false, use: { spinMs: 0 } });
  }

  get producer(): SpscProducer {
    return this.#ring.producer().unref();
  }

  get consumer(): SpscConsumer {
    return this.#ring.consumer().unref();
  }

  unref(): void {}
  close(): void {}
}

function take<Side>(role: () => Side, { notes, number }: Self): Side {
  const side = role();
  notes[HAD_ROLE + number] = 1;
  return side;
}

function close(side: SpscProducer | SpscConsumer, { notes, number }: Self): void {
  notes[CLOSES + number] = 1;
  side.close();
}

function compose(sequence: number): Uint8Array {
  return new Uint8Array(new Int32Array([sequence, ~sequence]).buffer);
}

function noteSent(isSent: boolean, { notes, fail }: Self): void {
  if (!isSent) fail("send came back without a timeout");
  notes[SENT] = (notes[SENT] as number) + 1;
}

/** Sends the next message until it is sent: what was left has not been, and comes again. */
async function sendAnyway(
  producer: SpscProducer,
  self: Self,
  send: (message: Uint8Array) => boolean | Promise<boolean>,
): Promise<void> {
  const message = compose(self.notes[SENT] as number);
  if (await send(message)) noteSent(true, self);
  else noteSent(await producer.send(message), self);
}

/** The next one in order. Behind a consumer that was killed some may come again. */
function noteReceived(message: Uint8Array, { notes, isDead, fail }: Self): void {
  const [sequence, check] = new Int32Array(message.slice().buffer) as unknown as [number, number];
  const expected = notes[RECEIVED] as number;
  if (check !== ~sequence) fail(`torn: ${message}`);
  const mayRepeat = isDead(CONSUMER) || isDead(SUCCESSOR);
  if (mayRepeat ? sequence > expected : sequence !== expected)
    fail(`message ${sequence} comes in place of ${expected}`);
  notes[RECEIVED] = sequence + 1;
}

/** Runs what may be ended by the other side, which must have gone then, in the way that is told. */
async function unlessAlone({ number, notes, isDead, fail }: Self, life: () => unknown): Promise<void> {
  const others = number === PRODUCER ? [CONSUMER, SUCCESSOR] : [PRODUCER];
  try {
    await life();
  } catch (error) {
    if (!(error instanceof PeerClosedError) && !(error instanceof PeerDiedError)) throw error;
    if (error instanceof PeerDiedError && !others.some(isDead))
      fail(`${number} is told of a death, and nobody is dead`);
    if (error instanceof PeerClosedError && !others.some((user) => notes[CLOSES + user] === 1))
      fail("nobody has closed");
  }
}

/** The role is free, or its holder lives. */
function heir<Side>(take: () => Side): Side | undefined {
  try {
    return take();
  } catch (error) {
    if (!(error instanceof IpcError) || error.errno !== errno.EBUSY) throw error;
    return undefined;
  }
}

function checkAwake({ asleep, fail }: Self): void {
  if (asleep.length > 0) fail(`${asleep} wait for ever`);
}

/** What is left. */
function drain(consumer: SpscConsumer, self: Self): void {
  try {
    for (let message = consumer.tryReceive(); message !== undefined; message = consumer.tryReceive())
      noteReceived(message, self);
  } catch (error) {
    if (!(error instanceof PeerClosedError) && !(error instanceof PeerDiedError)) throw error;
  }
}

export const scene: Scene<RingUser> = {
  fill: (buffer, base) => writeGeometry(buffer, base, geometry),
  make: (placement) => new RingUser(placement, geometry),
  lives: {
    "sends, blocking": (ring, self) =>
      unlessAlone(self, () => {
        const producer = take(() => ring.producer, self);
        for (let sequence = 0; sequence < MESSAGES; sequence++) noteSent(producer.sendSync(compose(sequence)), self);
        close(producer, self);
      }),
    "sends, awaiting": (ring, self) =>
      unlessAlone(self, async () => {
        const producer = take(() => ring.producer, self);
        for (let sequence = 0; sequence < MESSAGES; sequence++) noteSent(await producer.send(compose(sequence)), self);
        close(producer, self);
      }),
    "sends, blocking with a timeout": (ring, self) =>
      unlessAlone(self, async () => {
        const producer = take(() => ring.producer, self);
        for (let count = 0; count < MESSAGES; count++)
          await sendAnyway(producer, self, (message) => inTime(producer.sendSync(message, timeout), self));
        close(producer, self);
      }),
    "sends with a timeout": (ring, self) =>
      unlessAlone(self, async () => {
        const producer = take(() => ring.producer, self);
        for (let count = 0; count < MESSAGES; count++)
          await sendAnyway(producer, self, async (message) => inTime(await producer.send(message, timeout), self));
        close(producer, self);
      }),
    "sends with a signal": (ring, self) =>
      unlessAlone(self, async () => {
        const producer = take(() => ring.producer, self);
        const send = async (message: Uint8Array) =>
          (await unlessAborted((options) => producer.send(message, options))) ?? false;
        for (let count = 0; count < MESSAGES; count++) await sendAnyway(producer, self, send);
        close(producer, self);
      }),
    "receives, blocking with a timeout": (ring, self) =>
      unlessAlone(self, () => {
        const consumer = take(() => ring.consumer, self);
        for (let count = 0; count < MESSAGES; count++) {
          const message = inTime(consumer.receiveSync(timeout), self) ?? consumer.receiveSync();
          noteReceived(message as Uint8Array, self);
        }
        close(consumer, self);
      }),
    "receives with a timeout": (ring, self) =>
      unlessAlone(self, async () => {
        const consumer = take(() => ring.consumer, self);
        for (let count = 0; count < MESSAGES; count++) {
          const message = inTime(await consumer.receive(timeout), self) ?? (await consumer.receive());
          noteReceived(message as Uint8Array, self);
        }
        close(consumer, self);
      }),
    /** The first of two that are one sleeper; what it does not take is the second one's. */
    "receives behind one with a signal": (ring, self) =>
      unlessAlone(self, async () => {
        const consumer = take(() => ring.consumer, self);
        const first = unlessAborted((options) => consumer.receive(options));
        const second = consumer.receive();
        second.catch(() => {}); // is heard of below
        const message = await first;
        if (message !== undefined) noteReceived(message, self);
        noteReceived((await second) as Uint8Array, self);
        while ((self.notes[RECEIVED] as number) < MESSAGES) noteReceived(await consumer.receive(), self);
        close(consumer, self);
      }),
    "receives, blocking": (ring, self) =>
      unlessAlone(self, () => {
        const consumer = take(() => ring.consumer, self);
        for (let count = 0; count < MESSAGES; count++) noteReceived(consumer.receiveSync(), self);
        close(consumer, self);
      }),
    "receives, awaiting": (ring, self) =>
      unlessAlone(self, async () => {
        const consumer = take(() => ring.consumer, self);
        for (let count = 0; count < MESSAGES; count++) noteReceived(await consumer.receive(), self);
        close(consumer, self);
      }),
    "iterates to the end": (ring, self) =>
      unlessAlone(self, async () => {
        const consumer = take(() => ring.consumer, self);
        for await (const message of consumer) noteReceived(message, self);
        close(consumer, self);
      }),
    /** Two of them, beside a producer that has closed: whoever gets the role goes on where the other one was. */
    "receives two": (ring, self) =>
      unlessAlone(self, () => {
        const consumer = heir(() => ring.consumer);
        for (let count = 0; count < 2 && consumer !== undefined; count++) {
          const message = consumer.tryReceive();
          if (message !== undefined) noteReceived(message, self);
        }
        if (consumer !== undefined) close(consumer, self);
      }),
  },
  judge(ring, self) {
    const late = [PRODUCER, CONSUMER].filter((user) => self.isDead(user) && self.notes[HAD_ROLE + user] === 0);
    if (late.length === 0) checkAwake(self);
    if (late.includes(PRODUCER)) heir(() => ring.producer)?.close(); // it may have died before it came
    const consumer = heir(() => ring.consumer);
    if (consumer !== undefined) drain(consumer, self);
    else if (!self.isDead(PRODUCER)) self.fail("the consumer's role is not free at the end");
    checkAwake(self);
    if ((self.notes[RECEIVED] as number) < (self.notes[SENT] as number)) self.fail("messages are lost");
  },
};
