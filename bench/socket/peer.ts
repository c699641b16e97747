// One of the two processes of the control: the same runtime's own Unix stream socket, the same messages, the same pace.
import { nowNs } from "../ring/clock.ts";
import { type Job, readJob } from "../ring/job.ts";
import {
  AgeRecorder,
  HalfTripRecorder,
  isEnd,
  pause,
  STAMPED_SIZE,
  StampedMessage,
  sendAtPace,
} from "../ring/paced.ts";
import { cpuMs, Samples } from "../ring/samples.ts";
import type { Facility, Link, Receive } from "./link.ts";

async function facilityOf(variant: string): Promise<Facility> {
  if (variant === "bun") return (await import("./bun.ts")).bunSockets;
  if (variant === "deno") return (await import("./deno.ts")).denoSockets;
  return (await import("./node.ts")).nodeSockets;
}

/** One message at a time is in flight, so that a chunk is a message unless the machine stalled. */
function eachMessage(chunk: Uint8Array, handle: (message: Uint8Array) => void): void {
  if (chunk.length % STAMPED_SIZE !== 0) throw new Error(`a chunk of ${chunk.length} bytes is not whole messages`);
  for (let at = 0; at < chunk.length; at += STAMPED_SIZE) handle(chunk.subarray(at, at + STAMPED_SIZE));
}

function recordAges(link: Link, _job: Job, samples: Samples): Receive {
  const recorder = new AgeRecorder(samples);
  return (chunk) => {
    const now = nowNs();
    eachMessage(chunk, (message) => {
      if (recorder.note(message, now)) return;
      samples.print();
      link.close();
    });
  };
}

function recordTrips(link: Link, job: Job, samples: Samples): Receive {
  const recorder = new HalfTripRecorder(samples, job);
  const message = new StampedMessage();
  const exchange = () => {
    recorder.start();
    link.send(message.bytes);
  };
  setTimeout(exchange);
  return () => {
    if (recorder.stop()) return exchange();
    link.send(message.end());
    samples.print();
  };
}

async function measure(job: Job, facility: Facility): Promise<void> {
  const samples = new Samples();
  const record = job.paceMs > 0 ? recordAges : recordTrips;
  await facility.listen(job.name, (link) => record(link, job, samples));
}

async function dialUntilAnswered(job: Job, facility: Facility, receive: Receive): Promise<Link> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const link = await facility.dial(job.name, receive).catch(() => undefined);
    if (link !== undefined) return link;
    if (performance.now() > deadline) throw new Error("the measuring side does not listen");
    await pause(5);
  }
}

async function serve(job: Job, facility: Facility): Promise<void> {
  const finish = () => {
    link.close();
    console.log(JSON.stringify({ cpuMs: cpuMs() }));
  };
  const link = await dialUntilAnswered(job, facility, (chunk) =>
    eachMessage(chunk, (message) => (isEnd(message) ? finish() : link.send(message))),
  );
  if (job.paceMs === 0) return;
  await sendAtPace(job, (bytes) => link.send(bytes));
  finish();
}

const job = readJob();
const facility = await facilityOf(job.variant);
await (job.role === "measure" ? measure(job, facility) : serve(job, facility));
