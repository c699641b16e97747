// Waiting in tests: for a while, or until something holds.

/** Resolves after `milliseconds`. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Resolves to how many ms it took until `condition` held; rejects after the timeout. */
export async function until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<number> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > timeoutMs) throw new Error(`after ${timeoutMs} ms still not: ${what}`);
    await sleep(1);
  }
  return performance.now() - start;
}

/** Rejects when `promise` has not settled in time: a test that would hang says which wait it was. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not settled within ${timeoutMs} ms: ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
