// The result as a piece of the README: the rows that a bar depends on, one column per runtime.
import { BARS } from "../bars.ts";
import type { Finding } from "../runner/compare.ts";
import { RUNTIMES } from "../runner/runtimes.ts";
import { ratio, value } from "./format.ts";
import { subjectRows } from "./subject.ts";

function cell(finding: Finding | undefined): string {
  if (finding === undefined) return "";
  const figures = `${value(finding)}, ${ratio(finding)}`;
  return finding.met === false ? `${figures} (not met)` : figures;
}

export function markdown(findings: readonly Finding[], machine: string, chartPath: string): string {
  const rows = BARS.map((bar) => {
    const cells = RUNTIMES.map((runtime) =>
      cell(findings.find((finding) => finding.row === bar.row && finding.runtime === runtime)),
    );
    return `| ${[bar.text, ...cells].join(" | ")} |`;
  });
  const subjects = subjectRows();
  const placeOf = (line: string) => line.split(" · ").slice(0, 3).join(); // processor, cores, kernel
  const others = subjects.measured
    .filter((other) => placeOf(other.machine) !== placeOf(machine))
    .map((other) => `; ${other.subject.replace("_", " ")} on: ${other.machine}`);
  return [
    `| Bar | ${RUNTIMES.join(" | ")} |`,
    `|---|${RUNTIMES.map(() => "---|").join("")}`,
    ...rows,
    ...subjects.rows,
    "",
    `![Speed relative to the control](${chartPath})`,
    "",
    `Measured on: ${machine}${others.join("")}. Measured is the library as npm has it. Every figure is a median of trials that alternate with its control; x is the ratio to it.`,
  ].join("\n");
}
