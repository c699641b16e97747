// PlainGuard: possession of a lock whose word does not say who has it.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";

/** Possession of a `FutexLock` or a `SpinLock`, until `unlock`. */
export class PlainGuard {
  #release: (() => void) | undefined;

  /** Use `tryLock`, `lockSync` or `lock`. */
  constructor(release: () => void) {
    this.#release = release;
  }

  /**
   * Gives the lock back.
   *
   * @throws {IpcError} EPERM this guard has been unlocked already, or somebody else has unlocked what we held
   */
  unlock(): void {
    const release = this.#release;
    if (release === undefined) {
      const hint = "its guard was used up";
      throw new IpcError(errno.EPERM, { syscall: "unlock", doing: "unlock a lock twice", hint });
    }
    this.#release = undefined;
    release();
  }

  /** Gives the lock back, unless that was done. */
  [Symbol.dispose](): void {
    if (this.#release !== undefined) this.unlock();
  }
}
