// FileLockGuard: possession of a lock on a file.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import type { Wanted } from "./file_lock_options.ts";

/** Possession of a lock on part of a file, until `unlock`. */
export class FileLockGuard {
  /** Whether others may hold it too. */
  readonly shared: boolean;
  /** First byte. */
  readonly offset: number;
  /** Bytes; Infinity up to the end of the file, wherever that will be. */
  readonly length: number;
  #release: (() => void) | undefined;

  /** Use `tryLock`, `lockSync` or `lock` of a FileLock. */
  constructor({ isShared, start, end }: Wanted, release: () => void) {
    this.shared = isShared;
    this.offset = start;
    this.length = end - start;
    this.#release = release;
  }

  /**
   * Gives the lock back.
   *
   * @throws {IpcError} EPERM this guard has been unlocked already
   */
  unlock(): void {
    const release = this.#release;
    if (release === undefined) {
      const hint = "its guard was used up";
      throw new IpcError(errno.EPERM, { syscall: "unlock", doing: "unlock a file twice", hint });
    }
    this.#release = undefined;
    release();
  }

  /** Gives the lock back, unless that was done. */
  [Symbol.dispose](): void {
    if (this.#release !== undefined) this.unlock();
  }
}
