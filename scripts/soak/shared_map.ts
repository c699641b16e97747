// The long run of SharedMap: kills of its writers at random moments, while others write and read.
//
//   node scripts/soak/shared_map.ts [--kills 10000] [--seed N]

import process from "node:process";
import { MapSupervisor } from "../../tests/crash/shared_map_supervisor.ts";
import { cleanUp, mainRuntimes, runtimes } from "../../tests/support/mod.ts";
import { progress, readNumbers, writeReport } from "./report.ts";

const { kills, seed } = readNumbers({ kills: 10_000, seed: Date.now() % 2 ** 31 });
const PROGRESS_EVERY_KILLS = 20;

const onProgress = (done: number, writes: number) => {
  if (done % PROGRESS_EVERY_KILLS === 0) progress(`${done} of ${kills} kills, ${writes} writes`);
};

try {
  const started = performance.now();
  const readers = mainRuntimes.slice(0, 2);
  const report = await new MapSupervisor({ kills, seed, runtimes, readers, writers: 3, onProgress }).run();
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(JSON.stringify(report));
  writeReport("shared_map_kills", { seed, seconds, ...report });
  const faults = Object.values(report.faults).reduce((sum, count) => sum + count, 0);
  const isCounted = report.unconfirmed >= 0 && report.unconfirmed <= kills;
  process.exitCode = faults === 0 && isCounted && report.isWhole ? 0 : 1;
} finally {
  cleanUp();
}
