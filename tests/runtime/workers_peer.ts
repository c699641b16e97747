// The process of the Worker tests: starts Workers, looks at what becomes of them, says what it saw.

import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { Worker } from "node:worker_threads";
import {
  FileLock,
  Futex,
  IpcError,
  MappedFile,
  Participants,
  SharedMemory,
  type SpscConsumer,
  type SpscProducer,
  SpscRing,
} from "../../mod.ts";

const [scenario, name] = process.argv.slice(2);

function start(task: string, of = name, rounds = 0): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { workerData: { task, name: of, rounds } });
}

/** Resolves when the Worker says so; rejects when it fails. */
function said(worker: Worker, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on("message", (message) => message === text && resolve());
    worker.on("error", reject);
  });
}

/** Milliseconds until the role could be taken. */
async function takeOver<Side>(take: () => Side): Promise<{ side: Side; took: number }> {
  const begin = performance.now();
  for (;;) {
    try {
      return { side: take(), took: performance.now() - begin };
    } catch (error) {
      if (!(error instanceof IpcError) || error.code !== "EBUSY" || performance.now() - begin > 5000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return ""; // that of the listing itself
  }
}

/** How many of this process are those of the object, or of another kind. */
const descriptors = (of = name) => readdirSync("/proc/self/fd").filter((each) => targetOf(each).includes(of)).length;

/** Until there are no more of them than that. */
async function noneLeft(before: number, of = name): Promise<void> {
  const begin = performance.now();
  while (descriptors(of) > before && performance.now() - begin < 5000)
    await new Promise((resolve) => setTimeout(resolve, 5));
  if (descriptors(of) !== before) throw new Error(`${descriptors(of) - before} descriptors of Workers are left`);
}

/** Until nobody has locked this byte of the file: each next one would wait for a second. */
async function unlocked(path: string, offset: number): Promise<void> {
  const lock = FileLock.open(path);
  const begin = performance.now();
  while (lock.blocker({ offset, length: 1 }) !== undefined) {
    if (performance.now() - begin > 5000) throw new Error("the file stays locked");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  lock.close();
}

const byte = (message: Uint8Array | undefined) => message?.[0];

const scenarios: Record<string, () => Promise<void>> = {
  async scratch() {
    const workers = [start("useScratch", `${name}-a`, 1000), start("useScratch", `${name}-b`, 1000)];
    await Promise.all(workers.map((worker) => said(worker, "done")));
  },

  async terminateAwaiting() {
    const ring = SpscRing.create(name, { capacity: 1024, unlinkOnClose: true });
    const producer = ring.producer();
    for (let round = 0; round < 5; round++) {
      const worker = start("awaitMessage");
      await said(worker, "waiting");
      if (SpscRing.open(name).capacity !== 1024) throw new Error("the ring is another");
      await worker.terminate();
      const { side } = await takeOver<SpscConsumer>(() => ring.consumer());
      producer.trySend(new Uint8Array([round]));
      if (byte(await side.receive()) !== round) throw new Error("the message is another");
      side.close();
    }
    ring.close();
  },

  async terminateHolding() {
    const ring = SpscRing.create(name, { capacity: 1024, unlinkOnClose: true });
    const worker = start("sendOne");
    await said(worker, "sent");
    await worker.terminate();
    const { side } = await takeOver<SpscProducer>(() => ring.producer());
    side.trySend(new Uint8Array([8]));
    const consumer = ring.consumer();
    if (byte(consumer.tryReceive()) !== 7 || byte(consumer.tryReceive()) !== 8) throw new Error("messages were lost");
    ring.close();
  },

  async endHolding() {
    const ring = SpscRing.create(name, { capacity: 1024, unlinkOnClose: true });
    const worker = start("sendAndEnd");
    const ended = new Promise((resolve) => worker.on("exit", resolve));
    await said(worker, "sent");
    await ended;
    await takeOver<SpscProducer>(() => ring.producer());
    ring.close();
  },

  async descriptors() {
    const ring = SpscRing.create(name, { capacity: 1024, unlinkOnClose: true });
    const before = descriptors();
    for (let round = 0; round < 6; round++) {
      const worker = start(round < 3 ? "sendOne" : "sendAndEnd");
      const ended = new Promise((resolve) => worker.on("exit", resolve));
      await said(worker, "sent");
      if (round < 3) await worker.terminate();
      await ended;
      (await takeOver<SpscProducer>(() => ring.producer())).side.close();
    }
    await noneLeft(before);
    ring.close();
  },

  async words() {
    const word = Futex.create(name, { unlinkOnClose: true });
    const before = descriptors();
    for (let round = 0; round < 3; round++) {
      const worker = start("openWords");
      const ended = new Promise((resolve) => worker.on("exit", resolve));
      await said(worker, "open");
      await ended;
    }
    await noneLeft(before);
    word.close();
  },

  async peers() {
    const before = descriptors("[pidfd]");
    for (let round = 0; round < 3; round++) {
      const worker = start("watch");
      const ended = new Promise((resolve) => worker.on("exit", resolve));
      await said(worker, "watching");
      await ended;
    }
    await noneLeft(before, "[pidfd]");
  },

  async echo() {
    const there = SpscRing.create(name, { capacity: 1024, unlinkOnClose: true });
    const back = SpscRing.create(`${name}-back`, { capacity: 1024, unlinkOnClose: true });
    const worker = start("echo");
    const ended = said(worker, "ended");
    const [producer, consumer] = [there.producer(), back.consumer()];
    for (let round = 0; round < 200; round++) {
      await producer.send(new Uint8Array([round]));
      if (byte(await consumer.receive()) !== ((round + 1) & 255)) throw new Error(`no echo of ${round}`);
    }
    producer.close();
    await ended;
    there.close();
    back.close();
  },

  async terminateBlocking() {
    const ring = SpscRing.create(name, { capacity: 1024, unlinkOnClose: true });
    const worker = start("block");
    await said(worker, "blocking");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await worker.terminate();
    await takeOver<SpscConsumer>(() => ring.consumer());
    ring.close();
  },

  async terminateLaying() {
    const size = 2 ** 20;
    const memory = SharedMemory.create(name, { size, unlinkOnClose: true });
    const worker = start("lay");
    await said(worker, "at it");
    await worker.terminate();
    const participants = Participants.over(memory, size / 2);
    SpscRing.over(memory, 0, { participants, capacity: 1024 }).close(); // ETIMEDOUT where it is locked
    memory.close();
  },

  async terminateGrowing() {
    const file = MappedFile.create(name, { size: 4096 });
    const worker = start("grow");
    await said(worker, "at it");
    await worker.terminate();
    await unlocked(name, 2 ** 52 + 1);
    file.close();
  },

  async terminateRemoving() {
    const memory = SharedMemory.create(name, { size: 4096, unlinkOnClose: true });
    const worker = start("remove");
    await said(worker, "at it");
    await worker.terminate();
    await unlocked(`/dev/shm${name}`, 2 ** 52);
    memory.close();
  },
};

await scenarios[scenario]();
console.log("done");
