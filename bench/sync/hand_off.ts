// Hand-off: from `unlock` in one process to the line after the lock in another one, which slept for it.
import { nowNs } from "../ring/clock.ts";
import type { Job } from "../ring/job.ts";
import { sleepSync } from "../ring/open.ts";
import { NANOSECONDS_PER_MS, turn } from "../ring/paced.ts";
import { Samples } from "../ring/samples.ts";
import { LAST_ROUND, Table } from "./table.ts";

const POLL_MS = 0.02;

/** The holder: lets the other one fall asleep, and passes the lock on. */
export function serveHandOff(job: Job): void {
  const table = Table.open(job);
  const end = nowNs() + (job.warmUpMs + job.measureMs) * NANOSECONDS_PER_MS;
  for (let round = 1; nowNs() < end; round++) {
    const guard = table.mutex.lockSync();
    table.round = round;
    sleepSync(job.paceMs);
    table.stamp = nowNs();
    guard?.unlock();
    while (table.answered !== round) sleepSync(POLL_MS);
  }
  table.round = LAST_ROUND;
  table.close();
}

class Notes {
  readonly samples = new Samples();
  readonly #begin: number;

  constructor(job: Job) {
    this.#begin = nowNs() + job.warmUpMs * NANOSECONDS_PER_MS;
  }

  note(now: number, stamp: number): void {
    if (now >= this.#begin) this.samples.add(now - stamp);
  }
}

export function measureHandOff(job: Job): void {
  const table = Table.create(job);
  const notes = new Notes(job);
  for (let last = 0; ; ) {
    const { round } = table;
    if (round === LAST_ROUND) break;
    if (round === last) {
      sleepSync(POLL_MS);
      continue;
    }
    const guard = table.mutex.lockSync();
    const now = nowNs();
    guard?.unlock();
    notes.note(now, table.stamp);
    last = round;
    table.answered = round;
  }
  notes.samples.print();
  table.close();
}

/** The same, awaiting: the event loop is idle while it waits. */
export async function measureAwaitedHandOff(job: Job): Promise<void> {
  const table = Table.create(job);
  const notes = new Notes(job);
  for (let last = 0; ; ) {
    const { round } = table;
    if (round === LAST_ROUND) break;
    if (round === last) {
      await turn();
      continue;
    }
    const guard = await table.mutex.lock();
    const now = nowNs();
    guard.unlock();
    notes.note(now, table.stamp);
    last = round;
    table.answered = round;
  }
  notes.samples.print();
  table.close();
}
