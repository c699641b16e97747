// The long form of the counter test: four processes of mixed runtimes, a million increments each under one mutex.
//
//   node scripts/soak/counter.ts [--rounds 1000000]

import process from "node:process";
import { type CounterResult, countTogether } from "../../tests/cross/counter.ts";
import { cleanUp, runtimeNamed } from "../../tests/support/mod.ts";
import { readNumbers, writeReport } from "./report.ts";

const { rounds } = readNumbers({ rounds: 1_000_000 });
const mixes = [
  ["bun", "deno", "node22", "node26"],
  ["bun", "deno", "node26", "C"],
];

const runs: (CounterResult & { readonly exact: boolean; readonly nanosecondsPerTurn: number })[] = [];
try {
  for (const names of mixes) {
    const processes = names.map((name) => (name === "C" ? "C" : runtimeNamed(name)));
    const result = await countTogether(processes, rounds, 1_200_000);
    const exact = result.total === rounds * names.length;
    const nanosecondsPerTurn = Math.round((result.milliseconds * 1e6) / result.total);
    runs.push({ ...result, exact, nanosecondsPerTurn });
    console.log(
      `${names.join(", ")}: ${result.total} in ${result.milliseconds} ms, ${result.handOffs} hand-offs, ${exact ? "exact" : "WRONG"}`,
    );
  }
  writeReport("counter", { runs });
  process.exitCode = runs.every(({ exact }) => exact) ? 0 : 1;
} finally {
  cleanUp();
}
