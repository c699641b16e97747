// Locks and events between processes; they heal when a holder dies.
export { Barrier, type BarrierOptions } from "./barrier.ts";
export { Condition, type ConditionResult } from "./condition.ts";
export { Event, type EventOptions } from "./event.ts";
export { FileLock } from "./file_lock.ts";
export { FileLockGuard } from "./file_lock_guard.ts";
export type {
  FileLockAwaitOptions,
  FileLockBlocker,
  FileLockKind,
  FileLockOpenOptions,
  FileLockRange,
  FileLockWaitOptions,
} from "./file_lock_options.ts";
export { FutexLock } from "./futex_lock.ts";
export { Mutex, MutexGuard } from "./mutex.ts";
export { Once } from "./once.ts";
export { PlainGuard } from "./plain_guard.ts";
export type { Recovered } from "./recovery.ts";
export { RwLock } from "./rwlock.ts";
export { ReadGuard, WriteGuard } from "./rwlock_guards.ts";
export type { RwLockOptions } from "./rwlock_options.ts";
export { Semaphore, type SemaphoreOptions } from "./semaphore.ts";
export type { SharedObject } from "./shared_object.ts";
export { SpinLock } from "./spin_lock.ts";
