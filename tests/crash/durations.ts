// Durations, summed up so that the sums of several runs can be added: how many took how long, and the longest.

/** Finer where waits come up for a look of their own: 50, 100 and 250 ms. */
const EDGES_MS = [1, 2, 5, 10, 20, 45, 60, 95, 110, 245, 270, 1000];

export interface Durations {
  readonly longest: number;
  /** "<5": how many took less than 5 ms, and no less than the edge before. */
  readonly counts: Record<string, number>;
}

export function sumUp(milliseconds: readonly number[]): Durations {
  const counts: [string, number][] = EDGES_MS.map((edge, index) => {
    const least = EDGES_MS[index - 1] ?? Number.NEGATIVE_INFINITY;
    return [`<${edge}`, milliseconds.filter((value) => value >= least && value < edge).length];
  });
  const last = EDGES_MS.at(-1) as number;
  counts.push([`>=${last}`, milliseconds.filter((value) => value >= last).length]);
  const longest = milliseconds.reduce((most, value) => Math.max(most, value), 0);
  return { longest: Math.round(longest * 10) / 10, counts: Object.fromEntries(counts) };
}
