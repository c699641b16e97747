// Deadlines: every wait ends at an instant of CLOCK_MONOTONIC, however often it is interrupted.

import { clockMonotonic } from "../sys/futex.ts";
import { isAbortSignal } from "../sys/realm.ts";
import { checkDuration, checkOptions, describe } from "../sys/validate.ts";

/** Options of the forms that block this thread. */
export interface WaitOptions {
  /** Milliseconds, for ever unless said; fractions count. */
  timeoutMs?: number | undefined;
}

/** Options of the forms that return a promise. */
export interface AwaitOptions extends WaitOptions {
  /** Aborting rejects the promise with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** The deadline that means never. */
export const NEVER = -1;

/** An instant in ns, or NEVER. */
export function deadlineOf(options: WaitOptions | undefined, what: string): number {
  if (options === undefined) return NEVER;
  checkOptions(options, ["timeoutMs"], what);
  return deadlineAfter(options.timeoutMs);
}

export function deadlineAfter(timeoutMs: number | undefined): number {
  if (timeoutMs === undefined || checkDuration(timeoutMs, "timeoutMs") === Number.POSITIVE_INFINITY) return NEVER;
  return clockMonotonic() + timeoutMs * 1e6;
}

/** Whether the instant has come. */
export function isPast(deadline: number): boolean {
  return deadline !== NEVER && clockMonotonic() >= deadline;
}

/** Refuses options of an awaiting form that are of the wrong kind. */
export function checkAwaitOptions(options: AwaitOptions | undefined, what: string): void {
  if (options === undefined) return;
  checkOptions(options, ["timeoutMs", "signal"], what);
  if (options.timeoutMs !== undefined) checkDuration(options.timeoutMs, "timeoutMs");
  if (options.signal !== undefined && !isAbortSignal(options.signal)) {
    throw new TypeError(`signal must be an AbortSignal, not ${describe(options.signal)}`);
  }
}

/** As checkAwaitOptions; throws the reason of a signal that was aborted before, which polyfills may not do themselves. */
export function checkNotAborted(options: AwaitOptions | undefined, what: string): void {
  checkAwaitOptions(options, what);
  if (options?.signal?.aborted) throw options.signal.reason;
}

/** The options of the second of two waits that share one timeout; `start` is clockMonotonic() before the first. */
export function remainingOptions(options: AwaitOptions | undefined, start: number): AwaitOptions | undefined {
  if (options?.timeoutMs === undefined) return options;
  return { ...options, timeoutMs: Math.max(0, options.timeoutMs - (clockMonotonic() - start) / 1e6) };
}
