// The long form of tests/crash/locks.test.ts: ten thousand kills at random instants of lock and unlock, with C.
//
//   node scripts/soak/locks.ts [--kills 10000] [--seconds 86400] [--seed N]     goes on where the last run ended

import process from "node:process";
import { LockSupervisor } from "../../tests/crash/lock_supervisor.ts";
import { cleanUp, mainRuntimes } from "../../tests/support/mod.ts";
import { runPart } from "./accumulate.ts";
import { readNumbers } from "./report.ts";

const { kills, seconds, seed } = readNumbers({ kills: 10_000, seconds: 86_400, seed: Date.now() % 2 ** 31 });
const [SIZE, SPARES, PERCENT_C] = [6, 8, 40];

try {
  const processes = { runtimes: mainRuntimes, size: SIZE, spares: SPARES, percentC: PERCENT_C };
  const limits = { kills, seconds, seed };
  const isSound = await runPart("locks", limits, (part) => new LockSupervisor({ ...part, ...processes }).run());
  process.exitCode = isSound ? 0 : 1;
} finally {
  cleanUp();
}
