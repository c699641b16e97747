// The order of the trials: in every round the control stands directly before the rows that are compared with it.
import { barOf } from "../bars.ts";
import type { Options } from "../options.ts";
import { QUESTIONS, type Question, ROWS, type Row } from "../rows.ts";
import type { Runtime } from "./runtimes.ts";

export interface Step {
  round: number;
  row: Row;
  /** Undefined for the native programs. */
  runtime: Runtime | undefined;
}

function wanted(row: Row, options: Options): boolean {
  if (!options.only.includes(row.question)) return false;
  if (!options.quick || row.kind === "native" || row.kind === "socket") return true;
  return barOf(row.id) !== undefined;
}

function neededControls(rows: readonly Row[]): Set<string> {
  return new Set(rows.flatMap((row) => row.controls ?? []));
}

function chosenRows(options: Options): readonly Row[] {
  const rows = ROWS.filter((row) => wanted(row, options));
  const controls = neededControls(rows);
  return rows.filter((row) => row.controls !== undefined || controls.has(row.id));
}

function stepsOfRuntime(rows: readonly Row[], runtime: Runtime, round: number): Step[] {
  const here = rows.filter((row) => row.runtimes === undefined || row.runtimes.includes(runtime));
  return here.map((row) => ({ round, row, runtime: row.kind === "native" ? undefined : runtime }));
}

export function makePlan(options: Options): Step[] {
  const rows = chosenRows(options);
  const questions = (Object.keys(QUESTIONS) as Question[]).map((question) =>
    rows.filter((row) => row.question === question),
  );
  const rounds = Array.from({ length: options.rounds }, (_, index) => index + 1);
  return questions.flatMap((group) =>
    rounds.flatMap((round) => options.runtimes.flatMap((runtime) => stepsOfRuntime(group, runtime, round))),
  );
}
