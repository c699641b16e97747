// What is printed before and after: what runs where, the account of every tick, the latencies and their picture.

import { availableParallelism, release } from "node:os";
import { BAR_COUNT, type Board } from "./board.ts";
import type { Crew } from "./crew.ts";
import { figureCells, HEADING, hopsOf } from "./figures.ts";
import { STAGES } from "./job.ts";
import { bold, count, cyan, dim, green, red, table, yellow } from "./text.ts";
import { judge, type Verdict } from "./verdict.ts";

const BAR_WIDTH = 40;
const OUTLETS = { feed: "→ ticks, 32 bytes", engine: "→ orders, 40 bytes", risk: "→ accepted or rejected" };

/** What runs where. */
export function header(board: Board, crew: Crew, plan: string): string {
  const rows = STAGES.map((stage) => [stage, board.rows[stage].title, `pid ${crew.pid(stage)}`, OUTLETS[stage]]);
  const paint = (cell: string, _: number, column: number) =>
    column === 0 ? bold(cell) : column === 1 ? cyan(cell) : dim(cell);
  const machine = `${availableParallelism()} processors, Linux ${release().split("-")[0]}`;
  return [
    "",
    `${bold("linux-ipc pipeline")}   ${plan}   ${dim(machine)}`,
    "",
    ...indent(table(rows, paint, rows.length + 1)),
    "",
  ].join("\n");
}

const indent = (lines: readonly string[]) => lines.map((line) => `  ${line.trimEnd()}`);

function accountTable({ rows: { feed, engine, risk } }: Board, verdict: Verdict): string[] {
  const pair = (name: "received" | "duplicated" | "torn") => [count(engine.count(name)), count(risk.count(name))];
  const rows = [
    ["ticks", "feed", "engine", "risk"],
    ["received", "", ...pair("received")],
    ["sent on", count(feed.count("sent")), count(engine.count("sent")), ""],
    ["lost", "", count(verdict.lostBeforeEngine), count(verdict.lostBeforeRisk)],
    ["duplicated", "", ...pair("duplicated")],
    ["torn", "", ...pair("torn")],
  ];
  const isBad = (cell: string, row: number) => row > 2 && !["", "0"].includes(cell.trim());
  return table(rows, (cell, row, column) =>
    row === 0 ? dim(cell) : column > 0 && isBad(cell, row) ? red(cell) : cell,
  );
}

function orderLine({ rows: { risk } }: Board): string {
  const [overPosition, overNotional] = [risk.count("overPosition"), risk.count("overNotional")];
  const rejected = `${count(overPosition + overNotional)} rejected`;
  const reasons = dim(
    `(${count(overPosition)} over the position limit, ${count(overNotional)} over the notional limit)`,
  );
  return `${bold(count(risk.count("orders")))} orders: ${count(risk.count("accepted"))} accepted, ${rejected} ${reasons}`;
}

function latencyTable(board: Board): string[] {
  const rows = hopsOf(board).map(([name, { whole }]) => [name, ...figureCells(whole)]);
  return table([[...HEADING], ...rows], (cell, row, column) =>
    row === 0 ? dim(cell) : column === 1 ? cyan(cell) : cell,
  );
}

/** Bar n holds what took 2 ** (n - 1) to 2 ** n us. */
function barLabel(bar: number): string {
  const bound = (microseconds: number) =>
    microseconds < 1000 ? `${microseconds} µs` : `${Math.round(microseconds / 1024)} ms`;
  if (bar === 0) return "below 1 µs";
  return bar === BAR_COUNT - 1 ? `${bound(2 ** (bar - 1))} and more` : `to ${bound(2 ** bar)}`;
}

/** A bar as long as an eighth of a character allows. */
function bar(part: number): string {
  const eighths = Math.ceil(part * BAR_WIDTH * 8);
  const rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8] ?? "";
  return ("█".repeat(Math.floor(eighths / 8)) + rest).padEnd(BAR_WIDTH);
}

function percent(part: number): string {
  if (part > 0 && part < 0.00001) return "< 0.001 %";
  return `${(part * 100).toFixed(part > 0 && part < 0.001 ? 3 : 1)} %`;
}

/** The end-to-end latencies, a bar for each power of two. */
function picture(board: Board): string[] {
  const bars = [...board.rows.risk.hops[1].bars];
  const total = bars.reduce((sum, value) => sum + value, 0);
  const first = bars.findIndex((value) => value > 0);
  const last = bars.findLastIndex((value) => value > 0);
  const most = Math.max(...bars);
  const line = (value: number, index: number) =>
    `${barLabel(first + index).padStart(12)}  ${green(bar(value / most))}  ${percent(value / total).padStart(9)}`;
  return total === 0 ? [] : bars.slice(first, last + 1).map(line);
}

/** The final account. */
export function report(board: Board, seconds: number): string {
  const verdict = judge(board);
  const sent = board.rows.feed.count("sent");
  const pace = `${count(sent)} ticks in ${seconds.toFixed(1)} s, ${bold(count(sent / seconds))} per second`;
  const bars = picture(board);
  const conclusion =
    verdict.complaints.length === 0
      ? green(`${count(sent)} of ${count(sent)} ticks arrived once, in order and whole.`)
      : verdict.complaints.map((text) => red(`Not well: ${text}.`)).join("\n  ");
  const parts = [
    [pace],
    accountTable(board, verdict),
    [orderLine(board)],
    latencyTable(board),
    bars.length === 0 ? [] : [dim("end to end, share of all ticks"), ...bars],
    [conclusion],
  ];
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => indent(part).join("\n"))
    .join("\n\n")}\n`;
}

/** What is known when a stage died: its counts lie on the board, and outlive it. */
export function aftermath({ rows: { feed, engine, risk } }: Board): string {
  const [sent, answered, received] = [feed.count("sent"), engine.count("sent"), risk.count("received")].map(count);
  return `  Until then ${sent} ticks were sent, ${answered} answered and ${received} received by the risk manager.\n`;
}

export const warning = (text: string): string => `  ${yellow(text)}\n`;
export const failure = (text: string): string => `  ${red(text.replaceAll("\n", "\n  "))}\n`;
