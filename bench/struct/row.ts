// A row: the same work by hand, with typed arrays over the memory, and through a struct's accessors.
export interface Row {
  title: string;
  /** How often the work is done in one call. */
  count: number;
  hand: () => unknown;
  ours: () => unknown;
}

/** Nanoseconds, as clocks give them: too many for a number. */
export const NOW = 1_790_000_000_000_000_000n;

/** An access may take so many times what it takes by hand. */
export const LIMIT = 1.5;
