// npm run bench: the ring against C++ and against sockets, interleaved, with a table, a file, a chart and the bars.
import { mkdirSync, writeFileSync } from "node:fs";
import { orExplain } from "./command_line.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { updateReadme } from "./readme.ts";
import { chart } from "./report/chart.ts";
import { table } from "./report/table.ts";
import { buildPrograms } from "./runner/build.ts";
import { compare, type Finding, type Measured } from "./runner/compare.ts";
import { QuietMoments } from "./runner/load.ts";
import { describeMachine, type Machine, machineLine, processorSlug } from "./runner/machine.ts";
import { buildPeers } from "./runner/peers.ts";
import { makePlan, type Step } from "./runner/plan.ts";
import { Progress } from "./runner/progress.ts";
import { median } from "./runner/statistics.ts";
import { endOnSignals, runTrial, type Times } from "./runner/trial.ts";

export interface Results {
  machine: Machine;
  rounds: number;
  times: Times;
  /** Median over the trials of the share of the machine that other programs and other guests of the host had. */
  othersShare: number;
  findings: Finding[];
}

const FULL: Times = { warmUpMs: 400, measureMs: 400 };
const QUICK: Times = { warmUpMs: 300, measureMs: 300 };

async function measure(steps: readonly Step[], times: Times): Promise<{ measured: Measured[]; failures: number }> {
  const progress = new Progress(steps.length);
  const quiet = new QuietMoments();
  const measured: Measured[] = [];
  let failures = 0;
  for (const step of steps) {
    progress.show(step);
    const own = { ...times, measureMs: times.measureMs * (step.row.timeFactor ?? 1) };
    const trial = quiet.run(() => runTrial(step.row, step.runtime, own));
    await trial.then(
      (result) => measured.push({ ...step, trial: result }),
      (error: Error) => {
        failures++;
        progress.fail(step, error);
      },
    );
  }
  progress.end();
  return { measured, failures };
}

function save(results: Results): string {
  const folder = new URL("results/", import.meta.url);
  const name = `${results.machine.date}-${processorSlug(results.machine)}`;
  mkdirSync(folder, { recursive: true });
  const file = new URL(`${name}.json`, folder);
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(new URL(`${name}.svg`, folder), chart(results.findings, machineLine(results.machine)));
  return `bench/results/${name}`;
}

function report(results: Results, options: Options): void {
  const judged = results.findings.filter((finding) => finding.met !== undefined);
  const missed = judged.filter((finding) => !finding.met);
  console.log(`\n${machineLine(results.machine)}`);
  console.log(
    `Others, on this machine and on its host, had ${Math.round(results.othersShare * 100)} % of it (median of the trials).\n`,
  );
  console.log(table(results.findings));
  console.log(`\nBars met: ${judged.length - missed.length} of ${judged.length}.`);
  if (options.json) console.log(JSON.stringify(results));
}

async function main(options: Options): Promise<void> {
  endOnSignals();
  console.error("Compiling the C++ programs (the first time takes a minute)...");
  await buildPrograms();
  buildPeers();
  const times = options.quick ? QUICK : FULL;
  const { measured, failures } = await measure(makePlan(options), times);
  const results: Results = {
    machine: describeMachine(options.runtimes, "zig c++ -O3 -march=native"),
    rounds: options.rounds,
    times,
    othersShare: measured.length === 0 ? 0 : median(measured.map((one) => one.trial.others)),
    findings: compare(measured),
  };
  report(results, options);
  if (!options.quick) console.log(`Written: ${save(results)}.json and .svg`);
  if (options.readme) updateReadme();
  if (failures > 0) process.exitCode = 1;
}

if (import.meta.main) {
  await main(orExplain(HELP, parseOptions));
}
