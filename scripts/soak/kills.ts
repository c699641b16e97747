// The long form of tests/crash/kills.test.ts: a thousand kills at random moments of either side.
//
//   node scripts/soak/kills.ts [--kills 1000] [--seed N]

import process from "node:process";
import { Supervisor, type SupervisorReport } from "../../tests/crash/ring_supervisor.ts";
import { cleanUp, runtimes } from "../../tests/support/mod.ts";
import { bundlePeers } from "./bundle.ts";
import { progress, readNumbers, writeReport } from "./report.ts";

const { kills, seed } = readNumbers({ kills: 1000, seed: Date.now() % 2 ** 31 });

function problems({ faults, messages, total, ended, toldTwice }: SupervisorReport): string[] {
  const { duplicates: _, ...forbidden } = faults;
  const found = Object.entries(forbidden).filter(([, count]) => count > 0);
  return [
    ...found.map(([fault, count]) => `${fault}: ${count}`),
    ...(messages === total ? [] : [`${messages} of ${total} messages arrived`]),
    ...(ended ? [] : ["the end of the stream was not seen"]),
    ...(toldTwice === 0 ? [] : [`${toldTwice} deaths were told twice`]),
  ];
}

bundlePeers();
const started = performance.now();
const onProgress = (done: number, messages: number) => {
  if (process.stderr.isTTY || done % 50 === 0) progress(`${done} of ${kills} kills, ${messages} messages`);
};
try {
  const report = await new Supervisor({ kills, seed, runtimes, onProgress }).run();
  const seconds = Math.round((performance.now() - started) / 1000);
  const found = problems(report);
  writeReport("kills", { seed, seconds, runtimes: runtimes.map(({ name }) => name), ...report, problems: found });
  console.log(found.length === 0 ? `${report.kills} kills: nothing lost` : found.join("; "));
  process.exitCode = found.length === 0 ? 0 : 1;
} finally {
  cleanUp();
}
