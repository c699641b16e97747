// The program of package.test.ts in TypeScript: what the types of the installed package say. It does not run.
import { type AwaitOptions, SpscRing } from "@linux-ipc/core";
import { SharedMemory } from "@linux-ipc/core/memory";
import { LatestValue } from "@linux-ipc/core/ring";
import type { Barrier, FileLock, FutexLock, Mutex, RwLock } from "@linux-ipc/core/sync";

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

/** Without a timeout there is a guard. */
export function locked(mutex: Mutex, rwlock: RwLock, file: FileLock, word: FutexLock, barrier: Barrier): number {
  for (const lock of [mutex, file, word]) lock.lockSync().unlock();
  for (const guard of [rwlock.readSync(), rwlock.writeSync({})]) guard.unlock();
  return barrier.arriveSync();
}

/** With one there may be none, and so where nobody knows. */
export const mayFail = [
  // @ts-expect-error: it may be undefined
  (mutex: Mutex) => mutex.lockSync({ timeoutMs: 1 }).unlock(),
  // @ts-expect-error: it may be undefined
  (rwlock: RwLock) => rwlock.writeSync({ timeoutMs: 1 }).unlock(),
  (rwlock: RwLock, options: { timeoutMs?: number } | undefined) => rwlock.readSync(options)?.unlock(),
];
