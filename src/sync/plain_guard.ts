// PlainGuard: possession of a lock whose word does not say who has it.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";

/** What a guard gives back. */
export interface PlainLock {
  release(): void;
}

function usedUp(): IpcError {
  const hint = "its guard was used up";
  return new IpcError(errno.EPERM, { syscall: "unlock", doing: "unlock a lock twice", hint });
}

/** Possession of a `FutexLock` or a `SpinLock`, until `unlock`. */
export class PlainGuard {
  private readonly lock: PlainLock;
  private isUsedUp = false;

  /** Use `tryLock`, `lockSync` or `lock`. */
  constructor(lock: PlainLock) {
    this.lock = lock;
  }

  /**
   * Gives the lock back.
   *
   * @throws {IpcError} EPERM this guard has been unlocked already, or somebody else has unlocked what we held
   */
  unlock(): void {
    if (this.isUsedUp) throw usedUp();
    this.isUsedUp = true;
    this.lock.release();
  }

  /** Gives the lock back, unless that was done. */
  [Symbol.dispose](): void {
    if (!this.isUsedUp) this.unlock();
  }
}
