// One of the two processes of a measurement of locks; started by bench/run.ts, pinned to a CPU.
import { type Job, readJob } from "../ring/job.ts";
import { cpuMs } from "../ring/samples.ts";
import { measureAwaitedHandOff, measureHandOff, serveHandOff } from "./hand_off.ts";
import { measureRecovery } from "./recovery.ts";
import { measureUncontended } from "./uncontended.ts";

type Side = (job: Job) => void | Promise<void>;
const alone: Side = () => {};

const SIDES: Record<string, { measure: Side; serve: Side }> = {
  uncontended: { measure: measureUncontended, serve: alone },
  "hand-off": { measure: measureHandOff, serve: serveHandOff },
  "awaited-hand-off": { measure: measureAwaitedHandOff, serve: serveHandOff },
  recovery: { measure: measureRecovery, serve: alone },
};

const job = readJob();
await SIDES[job.test]?.[job.role](job);
if (job.role === "serve") console.log(JSON.stringify({ cpuMs: cpuMs() }));
