// How numbers and colours look on a terminal, and without one.

import process from "node:process";

export const isTerminal = process.stdout.isTTY === true && process.env.TERM !== "dumb";
const isColoured = isTerminal && !process.env.NO_COLOR;

const colour = (code: number) => (text: string) => (isColoured ? `\x1b[${code}m${text}\x1b[0m` : text);
export const bold = colour(1);
export const dim = colour(2);
export const red = colour(31);
export const green = colour(32);
export const yellow = colour(33);
export const cyan = colour(36);

/** "1,234,567" */
export const count = (value: number): string => Math.round(value).toLocaleString("en-US");

/** Three digits and a unit: "850 ns", "12.3 µs", "1.24 ms". */
export function duration(nanoseconds: number): string {
  const [unit, size] = (
    [
      ["s", 1e9],
      ["ms", 1e6],
      ["µs", 1e3],
    ] as const
  ).find(([, least]) => nanoseconds >= least) ?? ["ns", 1];
  const value = nanoseconds / size;
  return `${value.toFixed(unit === "ns" || value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}

export type Paint = (cell: string, row: number, column: number) => string;

/** Lines of equal columns, the first `left` of them to the left and the others to the right; `paint` may colour cells. */
export function table(rows: readonly (readonly string[])[], paint: Paint = (cell) => cell, left = 1): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (cell: string, column: number) =>
    column < left ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row, at) => row.map((cell, column) => paint(pad(cell, column), at, column)).join("   "));
}
