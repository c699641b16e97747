// Spinning before sleeping: for as long as waking a sleeper costs on this machine, and never for long.

import { clockMonotonic, measureWake } from "../sys/futex.ts";
import { checkDuration } from "../sys/validate.ts";
import { NEVER } from "./deadline.ts";

/** A spin shorter than the wake-up sends both sides to sleep for good; a longer one only burns the processor. */
const BUDGET_LEAST_NS = 50_000;
const BUDGET_MOST_NS = 200_000;
/** Measuring takes milliseconds on a busy machine: a wait that ends sooner than this does without. */
const WORTH_MEASURING_NS = 20_000_000;
/** About 25 ns. */
export const TURNS_PER_REST = 20;

/** Where the loop leaves its result. In a variable that nobody reads, tools that bundle would take the loop for useless. */
const idle = new Int32Array(1);

/**
 * What a vain look costs, in turns of a loop of 0.5 to 1.2 ns. Looking less often steals the writer's cache line less
 * often: it lowers latency and raises throughput. A loop here, since a call into the shim takes several times as long on Node.
 */
export function rest(turns = TURNS_PER_REST): void {
  let value = idle[0];
  for (let turn = 0; turn < turns; turn++) value = Math.imul(value, 5) | 1;
  idle[0] = value;
}

let measured: number | undefined;

function measureBudget(): number {
  const wake = measureWake();
  return wake > 0 ? Math.min(BUDGET_MOST_NS, Math.max(BUDGET_LEAST_NS, 2 * wake)) : 0;
}

/** Nanoseconds to spin: twice the wake-up measured once per process; none where there is a single processor. */
function measuredBudget(left: number): number {
  if (measured === undefined && left < WORTH_MEASURING_NS) return BUDGET_LEAST_NS;
  measured ??= measureBudget();
  return measured;
}

/** How long, in ns, a wait until the deadline spins: as its object's options say, else as was measured. */
export function spinBudget(spinMs: number | undefined, deadline: number): number {
  const left = deadline === NEVER ? Number.POSITIVE_INFINITY : deadline - clockMonotonic();
  const chosen = spinMs === undefined ? undefined : checkDuration(spinMs, "spinMs") * 1e6;
  return left <= 0 ? 0 : Math.min(left, chosen ?? measuredBudget(left));
}

/** Looks until `look` answers something or the budget is spent. */
export function spin<T>(look: () => T | undefined, budget: number): T | undefined {
  if (budget <= 0) return look();
  const end = clockMonotonic() + budget;
  for (;;) {
    for (let looks = 0; looks < 16; looks++) {
      const result = look();
      if (result !== undefined) return result;
      rest();
    }
    if (clockMonotonic() >= end) return undefined;
  }
}
