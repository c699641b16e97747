// Blocking receive, one message at a time: both sides sleep in the kernel whenever they have nothing.
import type { SpscConsumer, SpscProducer } from "../../mod.ts";
import { nowNs } from "./clock.ts";
import type { Job } from "./job.ts";
import { createRing, openRing, sleepSync } from "./open.ts";
import { AgeRecorder, HalfTripRecorder, isEnd, StampedMessage } from "./paced.ts";
import { Samples } from "./samples.ts";

function recordAges(consumer: SpscConsumer, samples: Samples): void {
  const recorder = new AgeRecorder(samples);
  let message: Uint8Array;
  do message = consumer.receiveSync();
  while (recorder.note(message, nowNs()));
}

function recordTrips(producer: SpscProducer, consumer: SpscConsumer, job: Job, samples: Samples): void {
  const message = new StampedMessage();
  const recorder = new HalfTripRecorder(samples, job);
  do {
    recorder.start();
    producer.trySend(message.bytes);
    consumer.receiveSync();
  } while (recorder.stop());
  producer.trySend(message.end());
}

function echo(producer: SpscProducer, consumer: SpscConsumer): void {
  for (;;) {
    const message = consumer.receiveSync();
    if (isEnd(message)) return;
    producer.trySend(message);
  }
}

/** Between two messages while warming up: the receiver comes to see all of its code, spinning and sleeping. */
const WARM_UP_PACE_MS = 0.05;

function sendAtPace(producer: SpscProducer, job: Job): void {
  const message = new StampedMessage();
  const begin = performance.now() + job.warmUpMs;
  while (performance.now() < begin) {
    sleepSync(WARM_UP_PACE_MS);
    producer.sendSync(message.warmUp());
  }
  while (performance.now() < begin + job.measureMs) {
    sleepSync(job.paceMs);
    producer.trySend(message.stamp());
  }
  producer.trySend(message.end());
}

export function measureBlocking(job: Job): void {
  const there = createRing(job, "-there");
  const back = createRing(job, "-back");
  const samples = new Samples();
  if (job.paceMs > 0) recordAges(back.consumer(), samples);
  else recordTrips(there.producer(), back.consumer(), job, samples);
  samples.print();
  there.close();
  back.close();
}

export function serveBlocking(job: Job): void {
  const there = openRing(job, "-there");
  const back = openRing(job, "-back");
  if (job.paceMs > 0) sendAtPace(back.producer(), job);
  else echo(back.producer(), there.consumer());
  there.close();
  back.close();
}
