// A side of a ring that may be killed at any instant: goes on where its predecessor was, and notes all in the ledger.

import process from "node:process";
import { type PeerDiedError, SpscRing } from "../../mod.ts";
import { clockMonotonic } from "../../src/sys/futex.ts";
import { Messages } from "../cross/peer_messages.ts";
import { Receiver, receiveWays } from "../cross/peer_receivers.ts";
import { Sender, sendWays } from "../cross/peer_senders.ts";
import { Random } from "../support/random.ts";
import { type Books, ConsumerAccount, resumeProducer } from "./ring_account.ts";
import { CONSUMER, ENDED, Ledger, PRODUCER, SENT, type Side, STOP, TOTAL } from "./ring_ledger.ts";

export interface CrashJob {
  readonly side: Side;
  readonly ring: string;
  readonly ledger: string;
  /** Of the messages: the same for every life. */
  readonly seed: number;
  /** Of this life's ways. */
  readonly lifeSeed: number;
  readonly start: number;
}

/** Several promises at once would mix the order of messages that a death rejects. */
const withoutTogether = (way: string) => way !== "together";

function tell(ledger: Ledger, side: Side, error: PeerDiedError): void {
  ledger.tell(side, { instant: clockMonotonic(), survivor: process.pid, dead: error.pid });
}

async function produce(books: Books, random: Random): Promise<void> {
  const { ledger, messages, ring } = books;
  const producer = ring.producer();
  let sequence = resumeProducer(books, producer);
  ledger.store(PRODUCER, process.pid);
  const sender = new Sender(producer, messages, {
    onSent: (count) => ledger.store(SENT, count),
    onDeath: (error) => tell(ledger, "producer", error),
  });
  const ways = sendWays.filter(withoutTogether);
  while (ledger.load(STOP) === 0) sequence += await sender.burst(sequence, 2 ** 31, random, ways);
  ledger.store(TOTAL, sequence);
  producer.close();
}

async function consume(books: Books, random: Random): Promise<void> {
  const { ledger, ring } = books;
  const account = new ConsumerAccount(books);
  const consumer = ring.consumer();
  ledger.store(CONSUMER, process.pid);
  const receiver = new Receiver(consumer, ring.maxMessageSize, {
    onMessage: (place, offset, length, position) => account.take(place, offset, length, position as number),
    onDeath: (error) => tell(ledger, "consumer", error),
  });
  const ways = receiveWays.filter(withoutTogether);
  while (!receiver.hasEnded) await receiver.turn(random, ways);
  ledger.store(ENDED, 1);
}

const job = JSON.parse(process.argv[2] as string) as CrashJob;
const ring = SpscRing.open(job.ring);
const ledger = Ledger.open(job.ledger);
const books = { ledger, messages: new Messages(job.seed, ring.maxMessageSize), ring, start: job.start };
const random = new Random(job.lifeSeed);
await (job.side === "producer" ? produce(books, random) : consume(books, random));
ledger.close();
ring.close();
