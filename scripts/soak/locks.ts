// The long form of tests/crash/locks.test.ts: ten thousand kills at random instants of lock and unlock, with C.
//
//   node scripts/soak/locks.ts [--kills 10000] [--seconds 86400] [--seed N]     goes on where the last run ended
//
// A run that --seconds ends is added to results/locks.json; so is every further one, until there were --kills.

import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type LockReport, LockSupervisor } from "../../tests/crash/lock_supervisor.ts";
import { cleanUp, mainRuntimes } from "../../tests/support/mod.ts";
import { progress, readNumbers, writeReport } from "./report.ts";

const { kills, seconds, seed } = readNumbers({ kills: 10_000, seconds: 86_400, seed: Date.now() % 2 ** 31 });
const path = fileURLToPath(new URL("./results/locks.json", import.meta.url));

interface Total extends LockReport {
  readonly seeds: string;
  readonly seconds: number;
}

function before(): Total | undefined {
  const total = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Total) : undefined;
  return total !== undefined && total.kills < kills ? total : undefined;
}

/** The sum of each number in two records. */
function sum<T extends object>(a: T, b: T): T {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof T>;
  return Object.fromEntries([...names].map((name) => [name, Number(a[name] ?? 0) + Number(b[name] ?? 0)])) as T;
}

/** Medians of parts are no medians: the largest stands for all. */
function add(a: Total, b: Total): Total {
  const recoveredMs = {
    median: Math.max(a.recoveredMs.median, b.recoveredMs.median),
    p99: Math.max(a.recoveredMs.p99, b.recoveredMs.p99),
    longest: Math.max(a.recoveredMs.longest, b.recoveredMs.longest),
  };
  return {
    seeds: `${a.seeds}, ${b.seeds}`,
    seconds: a.seconds + b.seconds,
    kills: a.kills + b.kills,
    killed: sum(a.killed, b.killed),
    recoveries: a.recoveries + b.recoveries,
    recoveriesByPair: sum(a.recoveriesByPair, b.recoveriesByPair),
    recoveredMs,
    turns: a.turns + b.turns,
    faults: sum(a.faults, b.faults),
  };
}

const earlier = before();
const started = performance.now();
const onProgress = (done: number, turns: number) => {
  if (done % 50 < 2) progress(`${(earlier?.kills ?? 0) + done} of ${kills} kills, ${turns} turns`);
};
try {
  const left = kills - (earlier?.kills ?? 0);
  const report = await new LockSupervisor({ kills: left, seconds, seed, runtimes: mainRuntimes, onProgress }).run();
  const own: Total = { ...report, seeds: `${seed}`, seconds: Math.round((performance.now() - started) / 1000) };
  const total = earlier === undefined ? own : add(earlier, own);
  writeReport("locks", total);
  const faults = Object.values(total.faults).reduce((all, count) => all + count, 0);
  console.log(`${total.kills} kills, ${total.recoveries} recoveries, ${faults} faults`);
  process.exitCode = faults === 0 ? 0 : 1;
} finally {
  cleanUp();
}
