// Waiting in tests: for a while, or until something holds; and what waiting costs.

import process from "node:process";

const TRIES_MOST = 4;

/** How many times as long as on a usual machine a test may wait for something that should come: an emulated one is slow. */
const patience = Number(process.env.LINUX_IPC_TEST_PATIENCE ?? 1);

/** So many milliseconds of a usual machine, here. */
export const patiently = (milliseconds: number): number => milliseconds * patience;

/**
 * The first figure below `limit`, else the least of four. A busy machine, a collector or a compiler that runs meanwhile
 * spoils a measurement; nothing makes a good one of a bad one.
 */
export async function least(limit: number, measure: () => number | Promise<number>): Promise<number> {
  let found = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES_MOST && !(found < limit); tries++) found = Math.min(found, await measure());
  return found;
}

/** Milliseconds of processor time that this process uses during `wait`; tried again while there are `limit` or more. */
export function processorMs(limit: number, wait: () => unknown): Promise<number> {
  return least(limit, async () => {
    const before = process.cpuUsage();
    await wait();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
}

/** Resolves after `milliseconds`. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Resolves to how many ms it took until `condition` held; rejects after the timeout. */
export async function until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<number> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > patiently(timeoutMs)) throw new Error(`after ${timeoutMs} ms still not: ${what}`);
    await sleep(1);
  }
  return performance.now() - start;
}

/** Rejects when `promise` has not settled in time: a test that would hang says which wait it was. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`not settled within ${timeoutMs} ms: ${what}`));
    timer = setTimeout(late, patiently(timeoutMs));
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
