// Round trip of a 32-byte message over two rings, both sides asking without a pause of their own.
import type { SpscConsumer, SpscProducer } from "../../mod.ts";
import { nowNs } from "./clock.ts";
import type { Job } from "./job.ts";
import { END, Message, readTick, sequenceOf, TICK_SIZE, Tick, writeTick } from "./messages.ts";
import { createRing, openRing } from "./open.ts";
import { cpuMs, Samples } from "./samples.ts";

const GROUPS_PER_LOOK_AT_CPU_TIME = 64;

/** Sends a numbered message, and waits for one and answers its number. */
interface Party {
  send(sequence: number): void;
  receive(): number;
}

/** claimAt and commit, peekAt and release. */
class HotParty implements Party {
  readonly tick = new Tick();
  readonly producer: SpscProducer;
  readonly consumer: SpscConsumer;

  constructor(producer: SpscProducer, consumer: SpscConsumer) {
    this.producer = producer;
    this.consumer = consumer;
  }

  send(sequence: number): void {
    writeTick(this.producer.i32, this.producer.f64, this.producer.claimAt(TICK_SIZE), sequence);
    this.producer.commit();
  }

  receive(): number {
    const consumer = this.consumer;
    let offset = consumer.peekAt();
    while (offset < 0) offset = consumer.peekAt();
    readTick(consumer.i32, consumer.f64, offset, this.tick);
    consumer.release();
    return this.tick.timestamp;
  }
}

/** trySend, and tryReceive until there is something. */
class PlainParty implements Party {
  readonly message = new Message(TICK_SIZE);
  readonly producer: SpscProducer;
  readonly consumer: SpscConsumer;

  constructor(producer: SpscProducer, consumer: SpscConsumer) {
    this.producer = producer;
    this.consumer = consumer;
  }

  send(sequence: number): void {
    this.producer.trySend(this.message.number(sequence));
  }

  receive(): number {
    let bytes = this.next();
    while (bytes === undefined) bytes = this.next();
    return sequenceOf(bytes);
  }

  protected next(): Uint8Array | undefined {
    return this.consumer.tryReceive();
  }
}

/** trySend, and receiveSync, which looks for a while and then sleeps. */
class SyncParty extends PlainParty {
  protected override next(): Uint8Array | undefined {
    return this.consumer.receiveSync();
  }
}

function makeParty(kind: string, producer: SpscProducer, consumer: SpscConsumer): Party {
  if (kind === "hot") return new HotParty(producer, consumer);
  return kind === "sync" ? new SyncParty(producer, consumer) : new PlainParty(producer, consumer);
}

export function serveRoundTrips(job: Job): void {
  const there = openRing(job, "-there");
  const back = openRing(job, "-back");
  const party = makeParty(job.variant, back.producer(), there.consumer());
  for (let sequence = 0; sequence !== END; ) {
    sequence = party.receive();
    party.send(sequence);
  }
  there.close();
  back.close();
}

function exchange(party: Party, sequence: number): void {
  party.send(sequence);
  const answer = party.receive();
  if (answer !== sequence) throw new Error(`sent ${sequence}, got back ${answer}`);
}

export function measureRoundTrips(job: Job): void {
  const there = createRing(job, "-there");
  const back = createRing(job, "-back");
  const party = makeParty(job.variant, there.producer(), back.consumer());
  const samples = new Samples();
  exchange(party, 0);
  let sequence = 0;
  const begin = cpuMs() + job.warmUpMs;
  for (let cpu = cpuMs(); cpu < begin + job.measureMs; cpu = cpuMs()) {
    let before = nowNs();
    for (let look = 0; look < GROUPS_PER_LOOK_AT_CPU_TIME; look++) {
      for (let i = 0; i < job.group; i++) exchange(party, sequence++ | 0);
      const after = nowNs();
      if (cpu >= begin) samples.add((after - before) / job.group);
      before = after;
    }
  }
  exchange(party, END);
  samples.print();
  there.close();
  back.close();
}
