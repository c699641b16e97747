// node bench/struct.ts: fields of structs against typed arrays indexed by hand, in each runtime.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { measure } from "mitata";
import { describeMachine, machineLine } from "./runner/machine.ts";
import { RUNTIMES, type Runtime, runtimeCommand } from "./runner/runtimes.ts";
import { median } from "./runner/statistics.ts";
import { LOOPS } from "./struct/loops.ts";
import { OPERATIONS } from "./struct/operations.ts";
import { useOtherStructs } from "./struct/others.ts";
import type { Row } from "./struct/row.ts";

const LIMIT = 1.5;
const ROUNDS = 5;
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
async function compare({ hand, ours, count }: Row): Promise<Figures> {
  const turns: Figures[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const [byHand, byStruct] = [await nanoseconds(hand, count), await nanoseconds(ours, count)];
    if (round > 0) turns.push({ byHand, byStruct, ratio: byStruct / byHand });
  }
  const middle = (of: keyof Figures): number => median(turns.map((turn) => turn[of]));
  return { byHand: middle("byHand"), byStruct: middle("byStruct"), ratio: middle("ratio") };
}

async function report(title: string, rows: readonly Row[], limit: number): Promise<void> {
  console.log(`  ${title.padEnd(38)}${"by hand".padStart(10)}${"struct".padStart(11)}${"ratio".padStart(9)}`);
  for (const row of rows) {
    const { byHand, byStruct, ratio } = await compare(row);
    const times = [byHand, byStruct].map((value) => `${value.toFixed(2)} ns`.padStart(11)).join("");
    const verdict = ratio > limit ? `  more than ${limit}` : "";
    console.log(`  ${row.title.padEnd(37)}${times}${ratio.toFixed(2).padStart(9)}${verdict}`);
  }
}

async function measureHere(): Promise<void> {
  useOtherStructs();
  await report("one struct, one operation a call", OPERATIONS, LIMIT);
  await report("1024 in a loop (for information)", LOOPS, Number.POSITIVE_INFINITY);
}

function measureEverywhere(runtimes: readonly Runtime[]): void {
  console.log(machineLine(describeMachine(runtimes, "")));
  for (const runtime of runtimes) {
    console.log(runtime);
    const [program, ...parameters] = runtimeCommand(runtime) as [string, ...string[]];
    execFileSync(program, [...parameters, fileURLToPath(import.meta.url), "here"], { stdio: "inherit" });
  }
}

if (process.argv[2] === "here") await measureHere();
else measureEverywhere(RUNTIMES);
