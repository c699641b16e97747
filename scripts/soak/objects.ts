// The long form of tests/crash/objects.test.ts: thousands of kills at random instants of who uses any of the locks.
//
//   node scripts/soak/objects.ts [--kills 3000] [--seconds 86400] [--seed N]     goes on where the last run ended

import process from "node:process";
import { ObjectsSupervisor } from "../../tests/crash/objects/supervisor.ts";
import { cleanUp, mainRuntimes } from "../../tests/support/mod.ts";
import { runPart } from "./accumulate.ts";
import { readNumbers } from "./report.ts";

const { kills, seconds, seed } = readNumbers({ kills: 3000, seconds: 86_400, seed: Date.now() % 2 ** 31 });
const [SIZE, SPARES, KILLS_PER_SCENE] = [6, 8, 5];

try {
  const processes = { runtimes: mainRuntimes, size: SIZE, spares: SPARES, killsPerScene: KILLS_PER_SCENE };
  const limits = { kills, seconds, seed };
  const isSound = await runPart("objects", limits, (part) => new ObjectsSupervisor({ ...part, ...processes }).run());
  process.exitCode = isSound ? 0 : 1;
} finally {
  cleanUp();
}
