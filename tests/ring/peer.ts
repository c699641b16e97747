// The peer of the ring tests: one command a process; says in lines what it sees.

import { truncateSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { IpcError, Participants, SharedMemory, SpscRing } from "../../mod.ts";

const [command, name, ...parameters] = process.argv.slice(2);

const numbers = parameters.map(Number);

const codeOf = (error: unknown) => (error instanceof IpcError ? error.code : String(error));
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What the action answers, or the code of its error. */
function outcome(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return codeOf(error);
  }
}

const create = (capacity = 1024) => SpscRing.create(name, { capacity, unlinkOnClose: true });

const commands: Record<string, () => void | Promise<void>> = {
  /** A handler closes what it is called by. */
  closeInDrain() {
    const ring = create();
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    for (let number = 0; number < 3; number++) producer.trySend(new Uint8Array([number]));
    let handled = 0;
    const handler = () => {
      handled++;
      if (parameters[0] === "ring") ring.close();
      else consumer.close();
    };
    const drained = outcome(() => (parameters[1] === "drainAt" ? consumer.drainAt(handler) : consumer.drain(handler)));
    console.log(`handled ${handled}`);
    console.log(drained);
    console.log(outcome(() => consumer.tryReceive()));
    ring.close();
  },

  /** Closes between peek and release. */
  closeWhilePeeking() {
    const ring = create();
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    for (let number = 0; number < 3; number++) producer.trySend(new Uint8Array([number]));
    consumer.peek();
    if (parameters[0] === "ring") ring.close();
    else consumer.close();
    consumer.release();
    for (let round = 0; round < 3; round++) console.log(outcome(() => consumer.tryReceive()?.length));
    console.log(outcome(() => consumer.drain(() => {}, 10)));
    ring.close();
  },

  /** Awaits, and does or does not want to live for it. */
  pending() {
    const consumer = create().consumer();
    if (parameters[0] === "unref") consumer.unref();
    const timeoutMs = parameters[1] === undefined ? undefined : Number(parameters[1]);
    void consumer.receive({ timeoutMs }).then((message) => console.log("received", message?.length));
    console.log("waiting");
  },

  /** As pending, on the sending side of a full ring. */
  pendingSend() {
    const producer = create(64).producer();
    while (producer.trySend(new Uint8Array(8)));
    if (parameters[0] === "unref") producer.unref();
    void producer.send(new Uint8Array(8)).then((sent) => console.log("sent", sent));
    console.log("waiting");
  },

  /** Sends so many messages, one each so many ms, and closes. */
  async sendLater() {
    const [count, pauseMs] = numbers;
    const ring = SpscRing.open(name);
    const producer = ring.producer();
    for (let number = 0; number < count; number++) {
      await sleep(pauseMs);
      producer.sendSync(new Uint8Array([number]));
    }
    ring.close();
  },

  /** Sends so many messages and lives on, to be killed. */
  sendAndHang() {
    const producer = SpscRing.open(name).producer();
    for (let number = 0; number < numbers[0]; number++) producer.trySend(new Uint8Array([number]));
    console.log("sent");
    setInterval(() => {}, 1000);
  },

  /** Blocks whenever the ring is full. */
  sendMany() {
    const ring = SpscRing.open(name);
    const producer = ring.producer();
    for (let number = 0; number < numbers[0]; number++) producer.sendSync(new Uint8Array(number % 100));
    ring.close();
  },

  /** Waits a while, then receives so many messages. */
  async receiveLater() {
    const ring = SpscRing.open(name);
    const consumer = ring.consumer();
    await sleep(numbers[0]);
    let count = 0;
    while (count < numbers[1] && consumer.receiveSync({ timeoutMs: 10_000 }) !== undefined) count++;
    console.log("received", count);
    ring.close();
  },

  /** Has the consumer's role and lives on, to be killed. */
  holdConsumer() {
    SpscRing.open(name).consumer();
    console.log("holding");
    setInterval(() => {}, 1000);
  },

  /** Sends by a ring that lies in a memory. */
  async sendOver() {
    const memory = SharedMemory.open(name);
    const participants = Participants.over(memory, 0);
    const ring = SpscRing.over(memory, numbers[0], { participants });
    const producer = ring.producer();
    for (let number = 0; number < numbers[1]; number++) await producer.send(new Uint8Array([number]));
    ring.close();
    participants.close();
    memory.close();
  },

  /** Lays twenty rings at the instant it is told, and says which ones were new. */
  async layOver() {
    const memory = SharedMemory.open(name);
    const participants = Participants.over(memory, 0);
    const size = SpscRing.byteSize({ capacity: 64 });
    console.log("ready");
    const start = await new Promise<string>((resolve) => createInterface(process.stdin).once("line", resolve));
    await sleep(Number(start) - Date.now());
    const created: number[] = [];
    for (let place = 0; place < 20; place++) {
      const ring = SpscRing.over(memory, numbers[0] + place * size, { participants, capacity: 64 });
      if (ring.capacity !== 64 || ring.maxMessageSize !== 32) throw new Error("half a ring");
      if (ring.created) created.push(place);
      ring.close();
    }
    console.log(created.join(" ") || "none");
    process.exit();
  },

  /** The file of an open ring is cut to nothing. */
  async truncated() {
    const ring = create(65536);
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    if (parameters[0] === "used") {
      for (let number = 0; number < 10; number++) producer.trySend(new Uint8Array(100));
      consumer.tryReceive();
    }
    const pending = parameters[0] === "awaited" ? consumer.receive({ timeoutMs: 300 }) : undefined;
    truncateSync(`/dev/shm${name}`, 0);
    const blocking = outcome(() => consumer.receiveSync({ timeoutMs: 10_000 })?.length);
    const awaiting = await (pending ?? consumer.receive({ timeoutMs: 10_000 })).then(
      (message) => message?.length,
      codeOf,
    );
    console.log(blocking, awaiting, outcome(() => producer.trySend(new Uint8Array(10))) ? "lost" : "");
    ring.close();
    console.log("alive");
  },

  /** The memory goes while messages wait that the consumer knows of. */
  readClosedMemory() {
    const memory = SharedMemory.create(name, { size: 65536, unlinkOnClose: true });
    const participants = Participants.over(memory, 0);
    const ring = SpscRing.over(memory, 8192, { participants, capacity: 1024 });
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    for (let number = 0; number < 10; number++) producer.trySend(new Uint8Array(8));
    consumer.peek();
    memory.close();
    const peekAll = () => {
      while (consumer.peekAt() >= 0) consumer.release();
    };
    console.log(outcome(parameters[0] === "drainAt" ? () => consumer.drainAt(() => {}) : peekAll));
    console.log("alive");
  },

  /** The memory under a ring goes first. */
  async closeMemoryFirst() {
    const memory = SharedMemory.create(name, { size: 65536, unlinkOnClose: true });
    const participants = Participants.over(memory, 0);
    const ring = SpscRing.over(memory, 8192, { participants, capacity: 1024 });
    const [producer, consumer] = [ring.producer(), ring.consumer()];
    const pending = parameters[0] === "idle" ? undefined : consumer.receive({ timeoutMs: 10_000 }).catch(codeOf);
    await sleep(20);
    if (parameters[0] === "resized") outcome(() => memory.resize(1 << 20));
    else memory.close();
    // Another ring keeps the waiting engine busy, so that it looks at every word it knows.
    const other = SpscRing.create(`${name}-other`, { capacity: 64, unlinkOnClose: true });
    const [otherProducer, otherConsumer] = [other.producer(), other.consumer()];
    for (let round = 0; round < 20; round++) {
      setTimeout(() => otherProducer.trySend(new Uint8Array(1)), 1);
      await otherConsumer.receive();
    }
    if (pending !== undefined) console.log(await pending);
    console.log(outcome(() => producer.trySend(new Uint8Array(1))).length > 0);
    console.log(outcome(() => consumer.tryReceive()).length > 0);
    console.log(outcome(() => ring.close()));
    console.log(outcome(() => participants.close()));
    other.close();
    memory.close();
    console.log("alive");
  },
};

await commands[command]();
