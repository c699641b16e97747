// The long form of tests/crash/locks.test.ts: ten thousand kills at random instants of lock and unlock, with C.
//
//   node scripts/soak/locks.ts [--kills 10000] [--seconds 86400] [--seed N]     goes on where the last run ended

import process from "node:process";
import { LockSupervisor } from "../../tests/crash/lock_supervisor.ts";
import { cleanUp, mainRuntimes } from "../../tests/support/mod.ts";
import { runPart } from "./accumulate.ts";
import { spawnBundled } from "./bundle.ts";
import { progress, readNumbers } from "./report.ts";

const { kills, seconds, seed } = readNumbers({ kills: 10_000, seconds: 86_400, seed: Date.now() % 2 ** 31 });
const PROGRESS_EVERY_KILLS = 100;
const [SIZE, SPARES, PERCENT_C] = [6, 8, 40];

try {
  const isSound = await runPart("locks", { kills, seed }, (left, before) => {
    const onProgress = (done: number) => {
      if (done % PROGRESS_EVERY_KILLS < 2) progress(`${before + done} of ${kills} kills`);
    };
    const limits = { kills: left, seconds, seed, onProgress };
    const processes = { runtimes: mainRuntimes, size: SIZE, spares: SPARES, percentC: PERCENT_C, spawn: spawnBundled };
    return new LockSupervisor({ ...limits, ...processes }).run();
  });
  process.exitCode = isSound ? 0 : 1;
} finally {
  cleanUp();
}
