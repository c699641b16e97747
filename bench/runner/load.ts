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
  const ticks = line.trim().split(/\s+/).map(Number);
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
  const busy = user + nice + system + irq + softirq + steal;
  return { busyMs: busy * MS_PER_TICK, stolenMs: steal * MS_PER_TICK };
}

/** Starts a measurement; the answer takes our own part in ms and gives the others' share of the machine since then. */
function watch(part: "busyMs" | "stolenMs"): (ownMs: number) => number {
  const [before, timeBefore] = [times()[part], performance.now()];
  return (ownMs) => {
    const elapsed = (performance.now() - timeBefore) * availableParallelism();
    return Math.max(0, (times()[part] - before - ownMs) / elapsed);
  };
}

/** The share of the machine that other programs and other guests of the host had. */
export const watchOthers = () => watch("busyMs");

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
      const stolenShare = watch("stolenMs");
      const result = await trial();
      const stolen = stolenShare(0);
      if (best === undefined || stolen < best.stolen) best = { result, stolen };
    }
    return (best as { result: Result }).result;
  }
}
