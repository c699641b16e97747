// What has to be reached, as data: the ratio to the control measured in the same run.
export interface Bar {
  row: string;
  /** Times are to be at most, throughputs at least this many times the control's. */
  limit: number;
  text: string;
}

export const BARS: readonly Bar[] = [
  { row: "hot-round-trip", limit: 1.3, text: "round trip of 32 bytes at most 1.3 x C++" },
  { row: "small-drain", limit: 0.4, text: "32 bytes, every message published, at least 0.4 x C++" },
  { row: "batch-drain", limit: 1.5, text: "32 bytes in batches at least 1.5 x C++" },
  { row: "large-copy", limit: 0.6, text: "1 KiB copied in and out at least 0.6 x C++" },
  { row: "large-in-place", limit: 0.8, text: "1 KiB read in place at least 0.8 x C++" },
  { row: "paced-ring", limit: 1.2, text: "awaiting receive, p50 at most 1.2 x the runtime's own Unix socket" },
  {
    row: "echo-ring",
    limit: 1,
    text: "half a round trip by await receive() at most that of the runtime's own Unix socket",
  },
  { row: "blocking-ring", limit: 1.3, text: "blocking receive, p50 at most 1.3 x C++ with a futex sleep" },
  { row: "lock-mutex", limit: 2, text: "uncontended lock and unlock at most 2 x the C++ futex mutex" },
  { row: "hand-off-mutex", limit: 1.3, text: "blocking hand-off, p50 at most 1.3 x the C++ futex mutex" },
  { row: "await-mutex", limit: 1, text: "await lock(), p50 at most that of the runtime's own Unix socket" },
];

export function barOf(row: string): Bar | undefined {
  return BARS.find((bar) => bar.row === row);
}
