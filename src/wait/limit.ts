// The end of one awaiting caller's patience: a timeout and an abort signal.

import { clearTimeout, setTimeout } from "node:timers";
import type { AwaitOptions } from "./deadline.ts";

/** As far as setTimeout counts: 24 days. */
const TIMEOUT_MOST_MS = 2 ** 31 - 1;

/** Calls back at the timeout or the abort, until the function that it returns is called. */
export function limit(
  { timeoutMs, signal }: AwaitOptions,
  isRef: boolean,
  onTimeout: () => void,
  onAbort: () => void,
): () => void {
  const isLimited = timeoutMs !== undefined && timeoutMs <= TIMEOUT_MOST_MS;
  const timer = isLimited ? setTimeout(onTimeout, timeoutMs) : undefined;
  if (!isRef) timer?.unref();
  signal?.addEventListener("abort", onAbort);
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
}
