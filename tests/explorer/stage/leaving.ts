// Leaving: users who wait until the play says that their time is up, by a timeout or by a signal.

import { clearTimeout, setTimeout } from "node:timers";
import type { Self } from "./scene.ts";

/** Long enough for the library to measure its spinning, which is none on the stage. */
const TIMEOUT_MS = 1000;

/** For the options of a wait. */
export const timeout = { timeoutMs: TIMEOUT_MS };

/** What a wait with a timeout has answered: in vain only if the time was up. */
export function inTime<T>(answer: T, { isLate, number, fail }: Self): T {
  if ((answer === undefined || answer === false) && !isLate) fail(`${number} leaves, and its time is not up`);
  return answer;
}

/** What a wait with a signal has answered; undefined if it was aborted. */
export async function unlessAborted<T>(wait: (options: { signal: AbortSignal }) => Promise<T>): Promise<T | undefined> {
  const controller = new AbortController();
  const reason = new Error("aborted");
  const timer = setTimeout(() => controller.abort(reason), TIMEOUT_MS);
  try {
    return await wait({ signal: controller.signal });
  } catch (error) {
    if (error !== reason) throw error;
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
