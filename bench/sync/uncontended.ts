// Lock and unlock of a lock that nobody else wants.
import { Mutex } from "../../mod.ts";
import { nowNs } from "../ring/clock.ts";
import type { Job } from "../ring/job.ts";
import { NANOSECONDS_PER_MS } from "../ring/paced.ts";
import { Samples } from "../ring/samples.ts";

const GROUP = 1000;

/** Called again and again, as code of a program is: a loop that is entered once is compiled for that entry alone (OSR). */
function takeTurns(mutex: Mutex): void {
  for (let round = 0; round < GROUP; round++) mutex.lockSync()?.unlock();
}

export function measureUncontended(job: Job): void {
  const mutex = Mutex.create(`${job.name}-mutex`, { unlinkOnClose: true });
  const samples = new Samples();
  for (const end = nowNs() + job.warmUpMs * NANOSECONDS_PER_MS; nowNs() < end; ) takeTurns(mutex);
  for (let before = nowNs(), end = before + job.measureMs * NANOSECONDS_PER_MS; before < end; ) {
    takeTurns(mutex);
    const after = nowNs();
    samples.add((after - before) / GROUP);
    before = after;
  }
  samples.print();
  mutex.close();
}
