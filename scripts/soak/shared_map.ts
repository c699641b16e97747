// The long run of SharedMap: kills of its writers at random moments, while others write and read.
//
//   node scripts/soak/shared_map.ts [--kills 10000] [--seconds 86400] [--seed N]     goes on where the last run ended

import process from "node:process";
import { MapSupervisor } from "../../tests/crash/shared_map_supervisor.ts";
import { cleanUp, mainRuntimes, runtimes } from "../../tests/support/mod.ts";
import { runPart } from "./accumulate.ts";
import { readNumbers } from "./report.ts";

const { kills, seconds, seed } = readNumbers({ kills: 10_000, seconds: 86_400, seed: Date.now() % 2 ** 31 });
const [SIZE, SPARES] = [3, 8];

try {
  const isSound = await runPart("shared_map_kills", { kills, seconds, seed }, async (part) => {
    const readers = mainRuntimes.slice(0, 2);
    const report = await new MapSupervisor({ ...part, runtimes, readers, size: SIZE, spares: SPARES }).run();
    return { ...report, faults: { ...report.faults, notWhole: report.isWhole ? 0 : 1 } };
  });
  process.exitCode = isSound ? 0 : 1;
} finally {
  cleanUp();
}
