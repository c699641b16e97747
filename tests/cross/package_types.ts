// The program of package.test.ts in TypeScript: what the types of the installed package say. It does not run.
import { type AwaitOptions, SpscRing } from "@linux-ipc/core";
import { SharedMemory } from "@linux-ipc/core/memory";
import { LatestValue } from "@linux-ipc/core/ring";
import type { Mutex } from "@linux-ipc/core/sync";

export async function receive(options: AwaitOptions): Promise<Uint8Array | undefined> {
  using memory = SharedMemory.anonymous({ size: 4096 });
  const size: number = memory.size;
  const ring = SpscRing.create("/linux-ipc-never", { capacity: size });
  return ring.consumer().receive(options);
}

// @ts-expect-error: a capacity is a number, or the types are lost
export const ring: () => SpscRing = () => SpscRing.create("/linux-ipc-never", { capacity: "1" });

// @ts-expect-error: a lock is not a value
export const lock: () => Mutex = () => LatestValue.open("/linux-ipc-never");
