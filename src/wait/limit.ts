// The end of one awaiting caller's patience: a timeout and an abort signal.

import { clearTimeout, setTimeout } from "node:timers";
import { clockMonotonic } from "../sys/futex.ts";
import type { AwaitOptions } from "./deadline.ts";

/** As far as setTimeout counts: 24 days. */
const TIMER_MOST_MS = 2 ** 31 - 1;

/**
 * Calls back after so many ms, fractions and all, and not before: timers count whole ones, from the start of a turn. By
 * the kernel's clock: `performance` may be a test's, which stands still.
 */
function startTimer(timeoutMs: number, isRef: boolean, onTimeout: () => void): () => void {
  const end = clockMonotonic() + timeoutMs * 1e6;
  let timer: NodeJS.Timeout;
  const start = (left: number) => {
    timer = setTimeout(ring, Math.min(Math.ceil(left), TIMER_MOST_MS));
    if (!isRef) timer.unref();
  };
  const ring = () => {
    const left = (end - clockMonotonic()) / 1e6;
    if (left > 0) start(left);
    else onTimeout();
  };
  start(timeoutMs);
  return () => clearTimeout(timer);
}

/** Calls back at the timeout or the abort, until the function that it returns is called. */
export function limit(
  { timeoutMs, signal }: AwaitOptions,
  isRef: boolean,
  onTimeout: () => void,
  onAbort: () => void,
): () => void {
  const isLimited = timeoutMs !== undefined && timeoutMs !== Number.POSITIVE_INFINITY;
  const stopTimer = isLimited ? startTimer(timeoutMs, isRef, onTimeout) : () => {};
  signal?.addEventListener("abort", onAbort);
  return () => {
    stopTimer();
    signal?.removeEventListener("abort", onAbort);
  };
}
