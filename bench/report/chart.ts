// The result as a bar chart (SVG): how many times as fast as its control each row is, and where its bar lies.
import type { Finding } from "../runner/compare.ts";
import { ratio, value } from "./format.ts";

const WIDTH = 860;
const LABEL_WIDTH = 330;
const ROW_HEIGHT = 20;
const TOP = 64;
const MAXIMUM_SPEED = 3;
const COLORS: Record<string, string> = { bun: "#e8a0bf", deno: "#70c1b3", node: "#8cc265" };

/** Longer is better: for times the control's divided by ours. */
function speed(finding: Finding): number {
  const factor = finding.ratio as number;
  return finding.perSecond === undefined ? 1 / factor : factor;
}

function limitSpeed(finding: Finding): number | undefined {
  if (finding.limit === undefined) return undefined;
  return finding.perSecond === undefined ? 1 / finding.limit : finding.limit;
}

function position(times: number): number {
  const share = Math.min(times, MAXIMUM_SPEED) / MAXIMUM_SPEED;
  return LABEL_WIDTH + share * (WIDTH - LABEL_WIDTH - 130);
}

function text(x: number, y: number, words: string, extra = ""): string {
  const safe = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<text x="${x.toFixed(1)}" y="${y}" ${extra}>${safe}</text>`;
}

function bar(finding: Finding, index: number): string {
  const y = TOP + index * ROW_HEIGHT;
  const end = position(speed(finding));
  const limit = limitSpeed(finding);
  const parts = [
    text(LABEL_WIDTH - 8, y + 13, `${finding.title} (${finding.runtime})`, 'text-anchor="end"'),
    `<rect x="${LABEL_WIDTH}" y="${y + 2}" width="${(end - LABEL_WIDTH).toFixed(1)}" height="${ROW_HEIGHT - 5}" fill="${COLORS[finding.runtime]}"/>`,
    text(end + 6, y + 13, `${value(finding)}, ${ratio(finding)}`),
  ];
  if (limit !== undefined) {
    const x = position(limit).toFixed(1);
    parts.push(`<line x1="${x}" x2="${x}" y1="${y}" y2="${y + ROW_HEIGHT - 1}" stroke="#c00" stroke-width="2"/>`);
  }
  return parts.join("\n");
}

export function chart(findings: readonly Finding[], machine: string): string {
  const shown = findings.filter((finding) => finding.ratio !== undefined);
  const height = TOP + shown.length * ROW_HEIGHT + 12;
  const one = position(1).toFixed(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="11">`,
    "<title>Speed relative to the control in the same run</title>",
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    text(
      12,
      20,
      "Speed relative to the control in the same run (C++, or the runtime's own socket); red: the bar",
      'font-size="14"',
    ),
    text(12, 36, machine, 'fill="#555"'),
    text(position(1) - 10, 54, "1 x", 'fill="#555"'),
    `<line x1="${one}" x2="${one}" y1="58" y2="${height - 8}" stroke="#999" stroke-dasharray="3 3"/>`,
    ...shown.map(bar),
    "</svg>",
    "",
  ].join("\n");
}
