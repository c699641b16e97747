// The long form of tests/wait/pending.test.ts: what ten thousand pending waits cost, under each runtime.
//
//   node scripts/soak/pending.ts [--count 10000] [--milliseconds 2000]

import process from "node:process";
import { cleanUp, mainRuntimes } from "../../tests/support/mod.ts";
import { type PendingFigures, runPending } from "../../tests/wait/pending.ts";
import { readNumbers, writeReport } from "./report.ts";

const { count, milliseconds } = readNumbers({ count: 10_000, milliseconds: 2000 });
/** What the waits may add to the delay of the same idle loop: timers of a busy machine, and Deno's, are late anyway. */
const ADDED_DELAY_MOST_MS = 2;

const rows: (PendingFigures & { runtime: string })[] = [];
try {
  for (const runtime of mainRuntimes) {
    const row = { runtime: runtime.name, ...(await runPending(runtime, count, milliseconds)) };
    console.log(JSON.stringify(row));
    rows.push(row);
  }
} finally {
  cleanUp();
}
writeReport("pending", { waits: count, measuredMs: milliseconds, runtimes: rows });
process.exitCode = rows.every(
  ({ left, idle, pending }) => left === count && pending.p99 < idle.p99 + ADDED_DELAY_MOST_MS,
)
  ? 0
  : 1;
