// One process of the measurement of structs: rows by hand and by struct, by turns; the last line is for who started it.
import process from "node:process";
import { measure } from "mitata";
import { median } from "../runner/statistics.ts";
import { LOOPS } from "./loops.ts";
import { OPERATIONS } from "./operations.ts";
import { useOtherStructs } from "./others.ts";
import { LIMIT, type Row } from "./row.ts";

const ROUND_NS = 60e6;

/** The least of many short samples, because whatever else the machine does only ever adds. */
async function nanoseconds(run: () => unknown, count: number): Promise<number> {
  return (await measure(run, { min_cpu_time: ROUND_NS })).min / count;
}

export interface Figures {
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

export interface Finding extends Figures {
  title: string;
}

async function report(
  title: string,
  rows: readonly Row[],
  rounds: number,
  limit = Number.POSITIVE_INFINITY,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  console.log(`  ${title.padEnd(44)}${"by hand".padStart(10)}${"struct".padStart(11)}${"ratio".padStart(9)}`);
  for (const row of rows) {
    const figures = await compare(row, rounds);
    const { byHand, byStruct, ratio } = figures;
    findings.push({ title: row.title, ...figures });
    const times = [byHand, byStruct].map((value) => `${value.toFixed(2)} ns`.padStart(11)).join("");
    const verdict = ratio > limit ? `  more than ${limit}` : "";
    console.log(`  ${row.title.padEnd(43)}${times}${ratio.toFixed(2).padStart(9)}${verdict}`);
  }
  return findings;
}

async function measureAll(rounds: number): Promise<void> {
  useOtherStructs();
  const findings = await report("one struct, one operation, 1024 in a loop", OPERATIONS, rounds, LIMIT);
  await report("many structs, 1024 in a loop (for information)", LOOPS, rounds);
  console.log(JSON.stringify(findings));
}

await measureAll(Number(process.argv[2]));
