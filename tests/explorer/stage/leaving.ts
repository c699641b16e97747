// Leaving: users who wait until the play says that their time is up, by a timeout, by a signal or by closing.

import { clearTimeout, setTimeout } from "node:timers";
import { errno } from "../../../src/sys/errno.ts";
import { IpcError } from "../../../src/sys/error.ts";
import type { Self } from "./scene.ts";

/** Long enough for the library to measure its spinning, which is none on the stage, and less than waits come up. */
const TIMEOUT_MS = 50;

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

/** What a wait has answered whose object is closed meanwhile; undefined if that ended it. */
export async function unlessClosed<T>(object: { close(): void }, wait: () => Promise<T>): Promise<T | undefined> {
  const timer = setTimeout(() => object.close(), TIMEOUT_MS);
  try {
    return await wait();
  } catch (error) {
    if (!(error instanceof IpcError) || error.errno !== errno.EBADF) throw error;
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
