// The latencies of all three hops, as rows of a table.

import { type Board, FIGURES, type Hop } from "./board.ts";
import { duration } from "./text.ts";

/** Who measures what: the receiver of each hop. */
export const hopsOf = ({ rows }: Board): readonly (readonly [string, Hop])[] => [
  ["feed → engine", rows.engine.hops[0]],
  ["engine → risk", rows.risk.hops[0]],
  ["end to end", rows.risk.hops[1]],
];

export const HEADING = ["latency", "p50", "p99", "p99.9", "max"] as const;

/** Cells for p50, p99, p99.9 and the maximum. */
export function figureCells(figures: Float64Array): string[] {
  const isEmpty = (figures[FIGURES.count] ?? 0) === 0;
  const shown = [FIGURES.p50, FIGURES.p99, FIGURES.p999, FIGURES.max];
  return shown.map((index) => (isEmpty ? "-" : duration(figures[index] ?? 0)));
}
