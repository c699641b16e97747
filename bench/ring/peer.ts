// One of the two processes of a measurement of the ring; started by bench/run.ts, pinned to a CPU.
import { measureAwaiting, serveAwaiting } from "./awaiting.ts";
import { measureBlocking, serveBlocking } from "./blocking.ts";
import { type Job, readJob } from "./job.ts";
import { measureRoundTrips, serveRoundTrips } from "./roundtrip.ts";
import { cpuMs } from "./samples.ts";
import { measureThroughput, serveThroughput } from "./throughput.ts";

type Side = (job: Job) => void | Promise<void>;

const SIDES: Record<string, { measure: Side; serve: Side }> = {
  "round-trip": { measure: measureRoundTrips, serve: serveRoundTrips },
  throughput: { measure: measureThroughput, serve: serveThroughput },
  awaiting: { measure: measureAwaiting, serve: serveAwaiting },
  blocking: { measure: measureBlocking, serve: serveBlocking },
};

const job = readJob();
await SIDES[job.test]?.[job.role](job);
if (job.role === "serve") console.log(JSON.stringify({ cpuMs: cpuMs() }));
