// One-way throughput: the serving side sends for the given time, the measuring side receives and takes the time of
// every block of messages. Both spin, and count their CPU time: on a busy machine a trial takes longer and does as much.
import { nowNs } from "./clock.ts";
import type { Job } from "./job.ts";
import { createRing, openRing } from "./open.ts";
import { Account, makeReceiver } from "./receivers.ts";
import { cpuMs, Samples } from "./samples.ts";
import { makeSender, sendEnd } from "./senders.ts";

/** Asking for the CPU time takes microseconds in Node: as long as many small messages. */
const BLOCKS_PER_LOOK = 32;

export function serveThroughput(job: Job): void {
  const ring = openRing(job);
  const producer = ring.producer();
  const send = makeSender(job.variant.split(">")[0] as string, producer, job.size);
  const end = cpuMs() + job.warmUpMs + job.measureMs;
  for (let sequence = 0; cpuMs() < end; ) {
    for (let block = 0; block < BLOCKS_PER_LOOK; block++) {
      send(sequence, job.block);
      sequence = (sequence + job.block) | 0;
    }
  }
  sendEnd(producer, job.size);
  ring.close();
}

export function measureThroughput(job: Job): void {
  const ring = createRing(job);
  const account = new Account();
  const take = makeReceiver(job.variant.split(">")[1] as string, ring.consumer(), account, job.size);
  const samples = new Samples();
  take(1);
  const begin = cpuMs() + job.warmUpMs;
  while (!account.ended && cpuMs() < begin) take(job.block);
  for (let before = nowNs(); !account.ended; ) {
    const count = take(job.block);
    const after = nowNs();
    if (!account.ended) samples.add((after - before) / count);
    before = after;
  }
  samples.print();
  ring.close();
}
