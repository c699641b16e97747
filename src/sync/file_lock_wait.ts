// FileLockWait: one awaiting caller of a FileLock: first for the object's own other guards, then for the kernel.

import type { AwaitOptions } from "../wait/deadline.ts";
import { FileLockJob, type FileLockRequest, STILL_WAITING } from "../wait/file_lock_job.ts";
import { limit } from "../wait/limit.ts";
import { hold } from "../wait/registry.ts";
import { type Claim, overlap, type Part } from "./file_lock_claims.ts";
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
  #endLimit = () => {};
  #isOver = false;
  #hasTimedOut = false;
  /** What the kernel said last, while no job waits there. */
  #outcome: number | undefined;
  /** What the caller was told instead of what the job comes to. */
  #hasFailed = false;

  constructor(parts: FileLockWaitParts) {
    this.#parts = parts;
  }

  begin(limits: AwaitOptions): Promise<FileLockGuard | undefined> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#endLimit = limit(
        limits,
        this.#parts.isRef,
        () => this.#stop(),
        () => this.fail(limits.signal?.reason),
      );
      if (this.#parts.isRef) hold(1); // also while it queues, and no thread waits for it
      this.attempt();
    });
  }

  /** Goes to the kernel as soon as this object's own claims allow it. */
  attempt(): void {
    if (this.#isOver || this.#claim !== undefined || !this.#parts.isFree()) return;
    this.#claim = this.#parts.claim();
    this.#goIn();
  }

  #goIn(): void {
    this.#job = new FileLockJob(this.#parts.request(), () => this.#onOutcome());
    if (this.#job.begun < 0) this.#finish();
  }

  #onOutcome(): void {
    if (this.#hasFailed) this.reap();
    else this.#finish();
  }

  /** The timeout. What the kernel says in the end decides: a lock that comes at this instant is taken. */
  #stop(): void {
    this.#hasTimedOut = true;
    this.#endLimit();
    if (this.#job === undefined) this.#finish();
    else this.#job.cancel();
  }

  /** The caller waits no more, and keeps the process alive no more. */
  #letGo(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endLimit();
    if (this.#parts.isRef) hold(-1);
  }

  /** Ends the wait with what the kernel says. */
  #finish(): void {
    try {
      this.#resolve(this.#end());
    } catch (error) {
      this.#reject(error);
    }
  }

  #end(): FileLockGuard | undefined {
    const claim = this.#claim;
    this.#letGo();
    this.#parts.onEnd();
    this.comeOut();
    if (claim === undefined || this.#outcome === undefined) return undefined;
    const outcome = this.#outcome;
    this.#outcome = undefined;
    return this.#parts.settle(claim, outcome);
  }

  /** Whether its thread waits for some of these bytes at this moment. */
  isInFor(parts: readonly Part[]): boolean {
    const claim = this.#claim;
    return this.#job !== undefined && claim !== undefined && parts.some((part) => overlap(part, claim));
  }

  /** Its thread has been asked to come out: several of them do so side by side. */
  callOut(): void {
    this.#job?.cancel();
  }

  /** Blocks until its thread is out. What that has just got is held from now on; else it has nothing. */
  comeOut(): void {
    if (this.#job === undefined || this.#claim === undefined) return;
    this.#outcome = this.#job.end();
    this.#job = undefined;
    this.#claim.isHeld = this.#outcome === 0;
  }

  /** Behind `comeOut`: waits in the kernel again, unless it has an answer, or came to its end meanwhile. */
  goOn(): void {
    if (this.#outcome === undefined) return;
    if (this.#hasFailed) this.reap();
    else if (this.#outcome !== STILL_WAITING || this.#hasTimedOut) this.#finish();
    else {
      this.#outcome = undefined;
      this.#goIn();
    }
  }

  /** Takes nothing, and tells at once; the job's thread has been asked to end, and is reaped when it has. */
  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#letGo();
    this.#hasFailed = true;
    this.#reject(reason);
    if (this.#job === undefined) this.#parts.onEnd();
    this.#job?.cancel();
  }

  /** Ends the job of a wait that has failed, and gives back what it got meanwhile. Blocks until its thread is out. */
  reap(): void {
    if (!this.#hasFailed || (this.#job ?? this.#outcome) === undefined) return;
    try {
      this.#end()?.unlock();
    } catch {
      // the reason that was told says more
    }
  }
}

/** The threads of those who wait for some of these bytes come out of the kernel, until `goOn` of each, in this order. */
export function comeOut(waits: Iterable<FileLockWait>, parts: readonly Part[]): FileLockWait[] {
  const inside = [...waits].filter((wait) => wait.isInFor(parts));
  for (const wait of inside) wait.callOut();
  for (const wait of inside) wait.comeOut();
  return inside;
}
