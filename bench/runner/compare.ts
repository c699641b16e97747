// From trials to findings: medians, ratios to the control, bars.
import { barOf } from "../bars.ts";
import { isThroughput, ROWS, type Row } from "../rows.ts";
import type { Step } from "./plan.ts";
import { RUNTIMES, type Runtime } from "./runtimes.ts";
import { median, spread } from "./statistics.ts";
import type { Trial } from "./trial.ts";

export interface Measured extends Step {
  trial: Trial;
}

export interface Finding {
  row: string;
  question: Row["question"];
  title: string;
  runtime: Runtime | "C++";
  trials: readonly Trial[];
  /** Median over the trials of the trials' p50, in ns: a time, or the time per message. */
  p50: number;
  p99: number;
  spread: number;
  /** Throughput: messages per second. */
  perSecond?: number;
  control?: string;
  /** To the control: of times, or of messages per second. */
  ratio?: number;
  limit?: number;
  met?: boolean;
}

function summarize(row: Row, runtime: Runtime | undefined, trials: readonly Trial[]): Finding {
  const middles = trials.map((trial) => trial.p50);
  const p50 = median(middles);
  const finding: Finding = {
    row: row.id,
    question: row.question,
    title: row.title,
    runtime: runtime ?? "C++",
    trials,
    p50,
    p99: median(trials.map((trial) => trial.p99)),
    spread: spread(middles),
  };
  if (isThroughput(row.question)) finding.perSecond = 1e9 / p50;
  return finding;
}

function judge(finding: Finding, row: Row, findings: readonly Finding[]): void {
  const controls = findings.filter((other) => row.controls?.includes(other.row) && isFor(other, finding.runtime));
  const [fastest] = controls.sort((left, right) => left.p50 - right.p50);
  if (fastest === undefined) return;
  const throughput = isThroughput(row.question);
  finding.control = fastest.title;
  finding.ratio = throughput ? fastest.p50 / finding.p50 : finding.p50 / fastest.p50;
  const limit = barOf(row.id)?.limit;
  if (limit === undefined) return;
  finding.limit = limit;
  finding.met = throughput ? finding.ratio >= limit : finding.ratio <= limit;
}

function isFor(control: Finding, runtime: Finding["runtime"]): boolean {
  return control.runtime === "C++" || control.runtime === runtime;
}

export function compare(measured: readonly Measured[]): Finding[] {
  const findings: Finding[] = [];
  for (const row of ROWS) {
    for (const runtime of [undefined, ...RUNTIMES]) {
      const trials = measured.filter((one) => one.row === row && one.runtime === runtime).map((one) => one.trial);
      if (trials.length > 0) findings.push(summarize(row, runtime, trials));
    }
  }
  for (const finding of findings) judge(finding, ROWS.find((row) => row.id === finding.row) as Row, findings);
  return findings;
}
