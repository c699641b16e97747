// How much of the machine others had while we measured: other programs, and other guests of the host (steal).
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

const MS_PER_TICK = 10;
const QUIET_SHARE = 0.1;
const LOOK_MS = 100;
const WAIT_MS = 180_000;
const DISTURBED_SHARE = 0.02;
const ATTEMPTS = 3;

/** CPU time in ms that the whole machine has spent on anything but idling, and the part that the host gave to others. */
function times(): { busyMs: number; stolenMs: number } {
  const line = readFileSync("/proc/stat", "utf8").split("\n", 1)[0] as string;
  const [, user, nice, system, , , irq, softirq, steal] = line.trim().split(/\s+/).map(Number) as number[] & {
    8: number;
  };
  const busy = [user, nice, system, irq, softirq, steal].reduce((sum: number, ticks = 0) => sum + ticks, 0);
  return { busyMs: busy * MS_PER_TICK, stolenMs: steal * MS_PER_TICK };
}

function shareSince(timeBefore: number, ms: number): number {
  return Math.max(0, ms / ((performance.now() - timeBefore) * availableParallelism()));
}

/** Starts a measurement; the answer takes our own CPU time and gives the share of the machine that others had. */
export function watchOthers(): (ownMs: number) => number {
  const [before, timeBefore] = [times(), performance.now()];
  return (ownMs) => shareSince(timeBefore, times().busyMs - before.busyMs - ownMs);
}

function watchStolen(): () => number {
  const [before, timeBefore] = [times(), performance.now()];
  return () => shareSince(timeBefore, times().stolenMs - before.stolenMs);
}

async function othersNow(): Promise<number> {
  const share = watchOthers();
  await pause(LOOK_MS);
  return share(0);
}

/** Runs trials in quiet moments: waiting for one, and again what was disturbed. */
export class QuietMoments {
  #budgetMs = WAIT_MS;

  /** While others have more than a tenth of the machine; a few minutes in all at the most. */
  async #wait(): Promise<void> {
    while (this.#budgetMs > 0 && (await othersNow()) >= QUIET_SHARE) this.#budgetMs -= LOOK_MS;
  }

  /** Of a few attempts the first that the host did not disturb, or the least disturbed: never chosen by its result. */
  async run<Result>(trial: () => Promise<Result>): Promise<Result> {
    let best: { result: Result; stolen: number } | undefined;
    for (let attempt = 0; attempt < ATTEMPTS && (best?.stolen ?? 1) >= DISTURBED_SHARE; attempt++) {
      await this.#wait();
      const stolenShare = watchStolen();
      const result = await trial();
      const stolen = stolenShare();
      if (best === undefined || stolen < best.stolen) best = { result, stolen };
    }
    return (best as { result: Result }).result;
  }
}
