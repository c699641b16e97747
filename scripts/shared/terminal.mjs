// How the scripts write to people: colours, durations, tables, one replaceable status line.
import process from "node:process";

export const isTerminal = process.stdout.isTTY === true && process.env.TERM !== "dumb";
const isColoured = process.env.NO_COLOR ? false : isTerminal;

const colour = (code) => (text) => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : String(text));
export const red = colour(31);
export const green = colour(32);
export const yellow = colour(33);
export const dim = colour(2);
export const bold = colour(1);

let statusShown = false;

/** Shows one line that the next call of `say` or `status` replaces. Nothing happens when no person is watching. */
export function status(text) {
  if (!isTerminal) return;
  const width = (process.stdout.columns || 100) - 1;
  process.stdout.write(`\r\x1b[2K${text.slice(0, width)}`);
  statusShown = text !== "";
}

/** Writes a line of its own. */
export function say(text = "") {
  if (statusShown) status("");
  process.stdout.write(`${text}\n`);
}

/** Ends the program with a message for people: what is wrong and what to do about it. */
export function fail(text, exitCode = 1) {
  if (statusShown) status("");
  process.stderr.write(`${red("error")} ${text}\n`);
  process.exit(exitCode);
}

/** "3.2 s" or "2 m 05 s". */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const rest = Math.floor(seconds % 60);
  return `${Math.floor(seconds / 60)} m ${String(rest).padStart(2, "0")} s`;
}

/** Lines of a table: the first column to the left, all others to the right. The first row is the heading. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? String(cell).padEnd(widths[0]) : String(cell).padStart(widths[column])));
  return rows.map((row) => line(row).join("  ").trimEnd());
}
