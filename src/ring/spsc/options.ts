// The options of SpscRing's ways in.

import type { ObjectCreateOptions, ObjectOpenOptions, ObjectOverOptions } from "../../memory/placement.ts";
import { checkChoice, checkDuration } from "../../sys/validate.ts";

/** How this process uses a ring. */
export interface SpscRingUse {
  /**
   * How long a blocking wait spins before it sleeps, milliseconds; measured once per process unless said (0.05 to 0.2).
   * An awaiting one looks again in each turn of the event loop for as long, 0.2 unless said, where that has paid of late.
   * 0 for machines whose processors are all busy.
   */
  spinMs?: number | undefined;
  /** `"atomic"` publishes by Atomics.store also on x86-64, where a plain store is ordered enough and several times faster. */
  ordering?: "auto" | "atomic" | undefined;
}

/** How `SpscRing.open` opens. */
export interface SpscRingOpenOptions extends SpscRingUse, ObjectOpenOptions {}

/** How large a ring is. */
export interface SpscRingSize {
  /**
   * Bytes of message space: a power of two from 64 to 2 ** 30. A message takes 8 bytes more than it has, rounded up to 8;
   * 8 bytes always stay free.
   */
  capacity: number;
  /** Bytes of the largest message, up to capacity - 16; half the capacity unless said. */
  maxMessageSize?: number | undefined;
}

/** How `SpscRing.create` and `openOrCreate` make a ring. */
export interface SpscRingCreateOptions extends SpscRingSize, SpscRingUse, ObjectCreateOptions {}

/** How `SpscRing.over` lays or finds a ring in a memory. */
export interface SpscRingOverOptions extends SpscRingUse, ObjectOverOptions {
  /** Lays a new ring where there are zeros; must agree with a ring that is there already. Without it one must be there. */
  capacity?: number | undefined;
  /** Bytes of the largest message, up to capacity - 16; half the capacity unless said, or what the ring there has. */
  maxMessageSize?: number | undefined;
}

/** The names of `SpscRingUse`. */
export const USE_OPTIONS = ["spinMs", "ordering"];

export function checkUse({ spinMs, ordering }: SpscRingUse): void {
  if (spinMs !== undefined) checkDuration(spinMs, "spinMs");
  if (ordering !== undefined) checkChoice(ordering, "ordering", ["auto", "atomic"]);
}
