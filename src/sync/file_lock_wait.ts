// FileLockWait: one awaiting caller of a FileLock: first for the object's own other guards, then for the kernel.

import type { AwaitOptions } from "../wait/deadline.ts";
import { FileLockJob, type FileLockRequest } from "../wait/file_lock_job.ts";
import { limit } from "../wait/limit.ts";
import type { Claim } from "./file_lock_claims.ts";
import type { FileLockGuard } from "./file_lock_guard.ts";

/** What the FileLock does for one that waits. */
export interface FileLockWaitParts {
  /** Whether no claim of the same object is in the way. */
  isFree(): boolean;
  request(): FileLockRequest;
  claim(): Claim;
  /** Turns the kernel's answer into a guard; throws errors, having dropped the claim. */
  settle(claim: Claim, result: number): FileLockGuard | undefined;
  onEnd(): void;
  readonly isRef: boolean;
}

export class FileLockWait {
  readonly #parts: FileLockWaitParts;
  #resolve: (guard: FileLockGuard | undefined) => void = () => {};
  #reject: (reason: unknown) => void = () => {};
  #job: FileLockJob | undefined;
  #claim: Claim | undefined;
  #release = () => {};
  #isOver = false;

  constructor(parts: FileLockWaitParts) {
    this.#parts = parts;
  }

  begin(limits: AwaitOptions): Promise<FileLockGuard | undefined> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#release = limit(
        limits,
        this.#parts.isRef,
        () => this.#finish(),
        () => this.fail(limits.signal?.reason),
      );
      this.attempt();
    });
  }

  /** Goes to the kernel as soon as this object's own claims allow it. */
  attempt(): void {
    if (this.#isOver || this.#claim !== undefined || !this.#parts.isFree()) return;
    this.#claim = this.#parts.claim();
    this.#job = new FileLockJob(this.#parts.request(), this.#parts.isRef, () => this.#finish());
    if (this.#job.begun < 0) this.#finish();
  }

  /** Ends the wait with what the kernel says at this moment: a timeout that comes too late finds the lock taken. */
  #finish(): void {
    try {
      this.#resolve(this.#end());
    } catch (error) {
      this.#reject(error);
    }
  }

  #end(): FileLockGuard | undefined {
    const [job, claim] = [this.#job, this.#claim];
    this.#isOver = true;
    this.#release();
    this.#parts.onEnd();
    if (job === undefined || claim === undefined) return undefined;
    return this.#parts.settle(claim, job.end());
  }

  /** Takes nothing. */
  fail(reason: unknown): void {
    try {
      this.#end()?.unlock();
    } catch {
      // the reason says more
    }
    this.#reject(reason);
  }
}
