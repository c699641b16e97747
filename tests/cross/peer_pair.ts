// One side of a pair: sends or receives a number of messages in all ways, and says what became of them.

import process from "node:process";
import { SpscRing } from "../../mod.ts";
import { Random } from "../support/random.ts";
import { type Faults, Judge, Messages } from "./peer_messages.ts";
import { Receiver, receiveWays } from "./peer_receivers.ts";
import { Sender, sendWays } from "./peer_senders.ts";

export interface PairJob {
  readonly role: "produce" | "consume";
  readonly name: string;
  readonly messages: number;
  readonly seed: number;
  /** Position of the first message. */
  readonly position: number;
  /** Undefined leaves the library's own measure. */
  readonly spinMs?: number;
}

/** What the consumer's last line says. */
export interface PairResult extends Faults {
  received: number;
  ended: boolean;
}

const PROGRESS_EVERY = 50_000;

function fail(error: Error): never {
  throw error;
}

async function produce(ring: SpscRing, job: PairJob): Promise<void> {
  const random = new Random(job.seed);
  const producer = ring.producer();
  const sender = new Sender(producer, new Messages(job.seed, ring.maxMessageSize), { onSent() {}, onDeath: fail });
  for (let sent = 0; sent < job.messages; ) sent += await sender.burst(sent, job.messages, random, sendWays);
  producer.close();
}

async function consume(ring: SpscRing, job: PairJob): Promise<PairResult> {
  const random = new Random(~job.seed);
  const judge = new Judge(new Messages(job.seed, ring.maxMessageSize), 0, job.position);
  let received = 0;
  const receiver = new Receiver(ring.consumer(), ring.maxMessageSize, {
    onMessage(place, offset, length, position) {
      judge.take(place, offset, length, position);
      if (++received % PROGRESS_EVERY === 0) console.log(received);
    },
    onDeath: fail,
  });
  while (!receiver.hasEnded) await receiver.turn(random, receiveWays);
  return { received, ended: receiver.consumer.ended, ...judge.faults };
}

const job = JSON.parse(process.argv[2] as string) as PairJob;
const { name, spinMs } = job;
const ring = SpscRing.open(name, spinMs === undefined ? {} : { spinMs });
if (job.role === "produce") await produce(ring, job);
else console.log(JSON.stringify(await consume(ring, job)));
ring.close();
