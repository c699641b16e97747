// RingWaiter: what the algorithms of this room know of waiting.

import type { PendingTurn } from "../wait/awaiting.ts";
import type { AwaitOptions } from "../wait/deadline.ts";

/** How a side waits and wakes; the ring's algorithm knows no more of it, so that it runs on a plain ArrayBuffer too. */
export interface RingWaiter {
  /** Wakes the other side, if it sleeps. */
  notify(): void;
  /** What a vain look costs: enough not to steal the other side's cache line all the time (D17), more if asked (D17b). */
  pause(turns?: number): void;
  waitSync<T>(attempt: () => T | undefined, deadline: number): T | undefined;
  /** `pendingTurn`: before which `attempt` answers nothing. */
  wait<T>(
    attempt: () => T | undefined,
    options: AwaitOptions | undefined,
    pendingTurn?: PendingTurn,
  ): Promise<T | undefined>;
  readonly isAwaited: boolean;
  isRef: boolean;
  close(reason: Error): void;
}
