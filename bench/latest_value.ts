// node bench/latest_value.ts: reading and writing an order book of 336 bytes, against the same protocol in C++.
import { subjectOptions } from "./command_line.ts";
import { build, type Row, runControl, runOurs, type Times } from "./latest_value/trial.ts";
import { saveSubject } from "./report/subject.ts";
import { QuietMoments } from "./runner/load.ts";
import { describeMachine, machineLine } from "./runner/machine.ts";
import { RUNTIMES, type Runtime } from "./runner/runtimes.ts";
import { median } from "./runner/statistics.ts";

const PACE_NS = 1000;
const LIMIT = 2;
const TIMES: Times = { warmUpMs: 300, measureMs: 300 };
const quiet = new QuietMoments();

/** The bar holds for reading while somebody writes: what it is for. */
const ROWS: readonly (Row & { readonly isBar?: boolean })[] = [
  { title: "read a copy, a new value every us", way: "tryReadInto", paceNs: PACE_NS, isBar: true },
  { title: "read two fields in place, the same", way: "peek", paceNs: PACE_NS, isBar: true },
  { title: "read a new copy, the same", way: "tryRead", paceNs: PACE_NS },
  { title: "read a copy, nobody writes", way: "tryReadInto", paceNs: 0 },
  { title: "read two fields in place, nobody writes", way: "peek", paceNs: 0 },
  { title: "write a copy, nobody reads", way: "write", paceNs: 0 },
  { title: "write two fields in place, nobody reads", way: "claim", paceNs: 0 },
];

interface Finding {
  readonly title: string;
  readonly runtime: Runtime;
  readonly nanoseconds: number;
  readonly control: number;
  readonly ratio: number;
  readonly isBar: boolean;
}

/** By turns, so that both see the same machine. */
async function measure(row: (typeof ROWS)[number], runtime: Runtime, rounds: number): Promise<Finding> {
  const [ours, controls]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    controls.push(await quiet.run(() => runControl(row, TIMES)));
    ours.push(await quiet.run(() => runOurs(row, runtime, TIMES)));
  }
  const ratio = median(ours.map((value, round) => value / (controls[round] as number)));
  const [nanoseconds, control] = [median(ours), median(controls)];
  return { title: row.title, runtime, nanoseconds, control, ratio, isBar: row.isBar ?? false };
}

function say({ title, runtime, nanoseconds, control, ratio, isBar }: Finding): void {
  const verdict = !isBar ? "" : ratio <= LIMIT ? `within ${LIMIT} x` : `MORE THAN ${LIMIT} x`;
  const figures = [nanoseconds, control].map((value) => `${value.toFixed(1)} ns`.padStart(11)).join("");
  console.log(`${title.padEnd(42)}${runtime.padEnd(6)}${figures}${`${ratio.toFixed(2)} x`.padStart(9)}  ${verdict}`);
}

const { quick, rounds } = subjectOptions(
  "latest_value.ts",
  "Reads and writes an order book of 336 bytes, against the same protocol in C++.",
);
await build();
const machine = machineLine(describeMachine(RUNTIMES, "zig c++ -O3 -march=native"));
console.log(`${machine}\n${"".padEnd(48)}       ours        C++    ratio`);
const findings: Finding[] = [];
for (const row of ROWS) {
  for (const runtime of RUNTIMES) {
    findings.push(await measure(row, runtime, rounds));
    say(findings.at(-1) as Finding);
  }
}
const bars = findings
  .filter(({ isBar }) => isBar)
  .map(({ title, runtime, nanoseconds, ratio }) => {
    const text = `LatestValue of 336 bytes, ${title}: at most ${LIMIT} x C++`;
    return { text, runtime, nanoseconds, ratio, met: ratio <= LIMIT };
  });
if (!quick) saveSubject("latest_value", { machine, rounds, bars, findings });
