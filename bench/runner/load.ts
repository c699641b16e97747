// How much of the machine others used while we measured, and waiting for a quiet moment.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

const MS_PER_TICK = 10;
const QUIET_SHARE = 0.1;
const LOOK_MS = 100;

/** CPU time in ms that the whole machine has spent on anything but idling. */
function busyMs(): number {
  const [, ...fields] = (readFileSync("/proc/stat", "utf8").split("\n")[0] as string).trim().split(/\s+/);
  const [user, nice, system, , , irq, softirq] = fields.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return (user + nice + system + irq + softirq) * MS_PER_TICK;
}

/** Starts a measurement; the answer takes our own CPU time and gives the share of the machine that others had. */
export function watchOthers(): (ownMs: number) => number {
  const busyBefore = busyMs();
  const timeBefore = performance.now();
  return (ownMs) => {
    const elapsed = (performance.now() - timeBefore) * availableParallelism();
    return Math.max(0, (busyMs() - busyBefore - ownMs) / elapsed);
  };
}

async function othersNow(): Promise<number> {
  const share = watchOthers();
  await pause(LOOK_MS);
  return share(0);
}

/** Waits for moments in which others use less than a tenth of the machine, but a minute in all at the most. */
export class QuietMoments {
  #budgetMs = 60_000;

  async wait(): Promise<void> {
    while (this.#budgetMs > 0 && (await othersNow()) >= QUIET_SHARE) this.#budgetMs -= LOOK_MS;
  }
}
