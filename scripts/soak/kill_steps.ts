// The long form of tests/sync/kill_steps.test.ts: a C process is killed behind each instruction of each operation.
//
//   node scripts/soak/kill_steps.ts [--most 1000000]     at most so many instructions of an operation, evenly
//
// TypeScript judges, and where nobody waits beside it C, too; a step takes 5 to 50 us, and a kill behind the n-th
// instruction n of them: operations of some thousands take minutes.

import process from "node:process";
import { cleanUp, ownRuntime } from "../../tests/support/mod.ts";
import { isJudgedInC } from "../../tests/sync/kill_points/c.ts";
import { checkStepped, type Stepped, Stepper } from "../../tests/sync/kill_points/steps.ts";
import { progress, readNumbers, writeReport } from "./report.ts";

const { most } = readNumbers({ most: 1_000_000 });
const stepper = new Stepper();
const problems: string[] = [];
const operations: object[] = [];
let kills = 0;

/** One operation, judged by one of the two. */
async function run(judge: string, step: () => Promise<Stepped>): Promise<void> {
  const stepped = await step();
  const { title, instructions, outcomes } = stepped;
  try {
    checkStepped(stepped);
  } catch (error) {
    problems.push(`${title}, judged by ${judge}: ${error}`);
  }
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  kills += outcomes.length;
  operations.push({ title, judge, instructions, kills: outcomes.length, outcomes: counts });
  progress(`${kills} kills, ${title}, judged by ${judge}`);
}

const started = performance.now();
try {
  const refusal = await stepper.refusal();
  if (refusal !== undefined) throw new Error(refusal);
  for (const scene of await Stepper.scenes()) {
    await run(ownRuntime.name, () => stepper.run(scene, most, false));
    if (isJudgedInC(scene)) await run("C", () => stepper.run(scene, most, true));
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  writeReport("kill_steps", { most, seconds, kills, operations, problems });
  console.log(problems.length === 0 ? `${kills} kills: nothing stuck, each death told once` : problems.join("; "));
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  stepper.end();
  cleanUp();
}
