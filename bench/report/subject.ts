// Results of a single subject, measured by a script of its own: the file that is committed, and the README's lines.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { RUNTIMES, type Runtime } from "../runner/runtimes.ts";
import { duration } from "./format.ts";

/** Whether a bar is met in one runtime. */
export interface SubjectBar {
  readonly text: string;
  readonly runtime: Runtime;
  readonly nanoseconds: number;
  readonly ratio: number;
  readonly met: boolean;
}

export interface SubjectResults {
  readonly machine: string;
  /** Trials of each row. */
  readonly rounds: number;
  readonly bars: readonly SubjectBar[];
  readonly findings: unknown;
}

const SUBJECTS = ["struct", "latest_value", "map"] as const;
const folder = new URL("../results/", import.meta.url);
const fileOf = (subject: string) => new URL(`${subject}.json`, folder);

export function saveSubject(subject: (typeof SUBJECTS)[number], results: SubjectResults): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(subject), `${JSON.stringify(results, null, 1)}\n`);
}

function cell(bar: SubjectBar | undefined): string {
  if (bar === undefined) return "";
  return `${duration(bar.nanoseconds)}, ${bar.ratio.toFixed(2)} x${bar.met ? "" : " (not met)"}`;
}

function rowsOf({ bars }: SubjectResults): string[] {
  return [...new Set(bars.map(({ text }) => text))].map((text) => {
    const cells = RUNTIMES.map((runtime) => cell(bars.find((bar) => bar.text === text && bar.runtime === runtime)));
    return `| ${[text, ...cells].join(" | ")} |`;
  });
}

/** What was measured, and where: its machine's line. */
export interface Measured {
  readonly subject: string;
  readonly machine: string;
}

/** The rows of all subjects that were measured. */
export function subjectRows(): { rows: string[]; measured: Measured[] } {
  const subjects = SUBJECTS.filter((subject) => existsSync(fileOf(subject)));
  const all = subjects.map((subject) => JSON.parse(readFileSync(fileOf(subject), "utf8")) as SubjectResults);
  const measured = all.map(({ machine }, index) => ({ subject: subjects[index], machine }));
  return { rows: all.flatMap(rowsOf), measured };
}
