// The result as a table for the terminal.
import { QUESTIONS, type Question } from "../rows.ts";
import type { Finding } from "../runner/compare.ts";
import { barText, duration, ratio, value, verdict } from "./format.ts";

const HEADINGS = ["", "runtime", "p50", "p99", "spread", "ratio", "bar", ""];

function cells(finding: Finding): string[] {
  const p99 = finding.perSecond === undefined ? duration(finding.p99) : "";
  const spread = `+-${Math.round(finding.spread * 100)} %`;
  const { title, runtime } = finding;
  return [title, runtime, value(finding), p99, spread, ratio(finding), barText(finding), verdict(finding)];
}

function align(lines: string[][]): string[] {
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  return lines.map((line) =>
    line
      .map((text, column) =>
        column < 2 ? text.padEnd(widths[column] as number) : text.padStart(widths[column] as number),
      )
      .join("  ")
      .trimEnd(),
  );
}

export function table(findings: readonly Finding[]): string {
  const questions = [...new Set(findings.map((finding) => finding.question))];
  const lines = align([HEADINGS, ...findings.map(cells)]);
  const section = (question: Question) => {
    const own = findings.flatMap((finding, index) => (finding.question === question ? [lines[index + 1]] : []));
    return [QUESTIONS[question], lines[0], ...own].join("\n");
  };
  return questions.map(section).join("\n\n");
}
