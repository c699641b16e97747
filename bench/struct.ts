// node bench/struct.ts: fields of structs against typed arrays indexed by hand, in each runtime.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { measure } from "mitata";
import { subjectOptions } from "./command_line.ts";
import { type SubjectBar, saveSubject } from "./report/subject.ts";
import { describeMachine, machineLine } from "./runner/machine.ts";
import { RUNTIMES, type Runtime, runtimeCommand } from "./runner/runtimes.ts";
import { median } from "./runner/statistics.ts";
import { LOOPS } from "./struct/loops.ts";
import { OPERATIONS } from "./struct/operations.ts";
import { useOtherStructs } from "./struct/others.ts";
import type { Row } from "./struct/row.ts";

const LIMIT = 1.5;
/** Says to a process that it is one of those that measure. */
const HERE = "here";
const ROUND_NS = 60e6;

/** The least of many short samples, because whatever else the machine does only ever adds. */
async function nanoseconds(run: () => unknown, count: number): Promise<number> {
  return (await measure(run, { min_cpu_time: ROUND_NS })).min / count;
}

interface Figures {
  byHand: number;
  byStruct: number;
  ratio: number;
}

/** By turns, so that both see the same machine; the first turn only warms up. */
async function compare({ hand, ours, count }: Row, rounds: number): Promise<Figures> {
  const turns: Figures[] = [];
  for (let round = 0; round <= rounds; round++) {
    const [byHand, byStruct] = [await nanoseconds(hand, count), await nanoseconds(ours, count)];
    if (round > 0) turns.push({ byHand, byStruct, ratio: byStruct / byHand });
  }
  const middle = (of: keyof Figures): number => median(turns.map((turn) => turn[of]));
  return { byHand: middle("byHand"), byStruct: middle("byStruct"), ratio: middle("ratio") };
}

interface Finding extends Figures {
  title: string;
}

async function report(
  title: string,
  rows: readonly Row[],
  rounds: number,
  limit = Number.POSITIVE_INFINITY,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  console.log(`  ${title.padEnd(38)}${"by hand".padStart(10)}${"struct".padStart(11)}${"ratio".padStart(9)}`);
  for (const row of rows) {
    const figures = await compare(row, rounds);
    const { byHand, byStruct, ratio } = figures;
    findings.push({ title: row.title, ...figures });
    const times = [byHand, byStruct].map((value) => `${value.toFixed(2)} ns`.padStart(11)).join("");
    const verdict = ratio > limit ? `  more than ${limit}` : "";
    console.log(`  ${row.title.padEnd(37)}${times}${ratio.toFixed(2).padStart(9)}${verdict}`);
  }
  return findings;
}

/** The last line is for who started this process. */
async function measureHere(rounds: number): Promise<void> {
  useOtherStructs();
  const findings = await report("one struct, one operation, 1024 in a loop", OPERATIONS, rounds, LIMIT);
  await report("many structs, 1024 in a loop (for information)", LOOPS, rounds);
  console.log(JSON.stringify(findings));
}

function measureIn(runtime: Runtime, rounds: number): Finding[] {
  const [program, ...parameters] = runtimeCommand(runtime) as [string, ...string[]];
  const all = [...parameters, fileURLToPath(import.meta.url), HERE, `${rounds}`];
  const output = execFileSync(program, all, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const lines = output.trimEnd().split("\n");
  console.log([runtime, ...lines.slice(0, -1)].join("\n"));
  return JSON.parse(lines.at(-1) as string);
}

/** The bar is for all of them: the slowest, against the same by hand, stands for the others. */
function barOf(runtime: Runtime, findings: readonly Finding[]): SubjectBar {
  const worst = findings.reduce((worst, finding) => (finding.ratio > worst.ratio ? finding : worst));
  const text = `struct, the worst of ${findings.length} kinds of access: at most ${LIMIT} x by hand`;
  return { text, runtime, nanoseconds: worst.byStruct, ratio: worst.ratio, met: worst.ratio <= LIMIT };
}

function measureEverywhere(runtimes: readonly Runtime[], { quick, rounds }: { quick: boolean; rounds: number }): void {
  const machine = machineLine(describeMachine(runtimes, "typed arrays by hand"));
  console.log(machine);
  const findings = Object.fromEntries(runtimes.map((runtime) => [runtime, measureIn(runtime, rounds)]));
  const bars = runtimes.map((runtime) => barOf(runtime, findings[runtime] as Finding[]));
  if (!quick) saveSubject("struct", { machine, rounds, bars, findings });
}

if (process.argv[2] === HERE) await measureHere(Number(process.argv[3]));
else
  measureEverywhere(RUNTIMES, subjectOptions("struct.ts", "Fields of structs, against typed arrays indexed by hand."));
