// The two ends of a trial start at the same time: one makes the ring, the other tries until it is there.
import { IpcError, SpscRing } from "../../mod.ts";
import type { Job } from "./job.ts";

const TIMEOUT_MS = 10_000;
const RETRY_MS = 2;
const neverNotified = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. */
export function sleepSync(milliseconds: number): void {
  Atomics.wait(neverNotified, 0, 0, milliseconds);
}

export function createRing(job: Job, suffix = ""): SpscRing {
  return SpscRing.create(job.name + suffix, { capacity: job.capacity, unlinkOnClose: true });
}

export function openRing(job: Job, suffix = ""): SpscRing {
  return openOnce(() => SpscRing.open(job.name + suffix));
}

/** Opens what the other one makes, as soon as it is there. */
export function openOnce<T>(open: () => T): T {
  const end = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return open();
    } catch (error) {
      const isMissing = error instanceof IpcError && error.code === "ENOENT";
      if (!isMissing || performance.now() > end) throw error;
      sleepSync(RETRY_MS);
    }
  }
}
