// Awaiting receive, one message at a time: from send to the line after `await receive()`.
import type { SpscConsumer, SpscProducer } from "../../mod.ts";
import { nowNs } from "./clock.ts";
import type { Job } from "./job.ts";
import { createRing, openRing } from "./open.ts";
import { AgeRecorder, HalfTripRecorder, isEnd, StampedMessage, sendAtPace, turn } from "./paced.ts";
import { Samples } from "./samples.ts";

async function send(producer: SpscProducer, bytes: Uint8Array): Promise<void> {
  while (!producer.trySend(bytes)) await turn();
}

async function recordAges(consumer: SpscConsumer, samples: Samples): Promise<void> {
  const recorder = new AgeRecorder(samples);
  for (;;) {
    const message = await consumer.receive();
    if (!recorder.note(message, nowNs())) return;
  }
}

async function recordTrips(producer: SpscProducer, consumer: SpscConsumer, job: Job, samples: Samples): Promise<void> {
  const message = new StampedMessage();
  const recorder = new HalfTripRecorder(samples, job);
  do {
    recorder.start();
    producer.trySend(message.bytes);
    await consumer.receive();
  } while (recorder.stop());
  producer.trySend(message.end());
}

async function echo(producer: SpscProducer, consumer: SpscConsumer): Promise<void> {
  for (;;) {
    const message = await consumer.receive();
    if (isEnd(message)) return;
    producer.trySend(message);
  }
}

export async function measureAwaiting(job: Job): Promise<void> {
  const there = createRing(job, "-there");
  const back = createRing(job, "-back");
  const samples = new Samples();
  if (job.paceMs > 0) await recordAges(back.consumer(), samples);
  else await recordTrips(there.producer(), back.consumer(), job, samples);
  samples.print();
  there.close();
  back.close();
}

export async function serveAwaiting(job: Job): Promise<void> {
  const there = openRing(job, "-there");
  const back = openRing(job, "-back");
  const producer = back.producer();
  if (job.paceMs > 0) await sendAtPace(job, (bytes) => send(producer, bytes));
  else await echo(producer, there.consumer());
  there.close();
  back.close();
}
