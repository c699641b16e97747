// The long form of tests/cross/litmus.test.ts, with a control: the same without the barrier, where wake-ups may be lost.
//
//   node scripts/soak/litmus.ts [--rounds 400000]

import process from "node:process";
import { type LitmusResult, runLitmus } from "../../tests/cross/litmus_run.ts";
import { cleanUp, runtimeNamed } from "../../tests/support/mod.ts";
import { progress, readNumbers, writeReport } from "./report.ts";

const { rounds } = readNumbers({ rounds: 400_000 });

interface Row extends LitmusResult {
  readonly what: string;
  /** FORBIDDEN: none may be lost. ALLOWED: the control, which shows what the barrier is for. */
  readonly outcome: "FORBIDDEN" | "ALLOWED";
}

const rows: Row[] = [];

async function run(
  runtime: string,
  edge: "message" | "space" | "lock",
  sleeps: "blocking" | "awaiting",
  withoutBarrier: boolean,
) {
  const what = `${runtime}: ${edge}, ${sleeps}${withoutBarrier ? ", without the barrier" : ""}`;
  progress(`[${rows.length + 1}/36] ${what}`);
  const options = { runtime: runtimeNamed(runtime), edge, sleeps, rounds, withoutBarrier, timeoutMs: 3_600_000 };
  const result = await runLitmus(options);
  rows.push({ what, outcome: withoutBarrier ? "ALLOWED" : "FORBIDDEN", ...result });
  console.log(`${what}: ${result.lost} of ${result.rounds} lost, ${result.seconds} s`);
}

try {
  for (const withoutBarrier of [false, true]) {
    for (const runtime of ["bun", "deno", "node26"]) {
      for (const edge of ["message", "space", "lock"] as const) {
        for (const sleeps of ["blocking", "awaiting"] as const) await run(runtime, edge, sleeps, withoutBarrier);
      }
    }
  }
} finally {
  cleanUp();
}
writeReport("litmus", { rounds, rows });
process.exitCode = rows.some(({ outcome, lost }) => outcome === "FORBIDDEN" && lost > 0) ? 1 : 0;
