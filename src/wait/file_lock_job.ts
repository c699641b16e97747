// FileLockJob: a native thread that blocks in fcntl(2) or flock(2) for us, since the kernel has no other way to tell.

import { errno } from "../sys/errno.ts";
import { fileLockCancel, fileLockEnd, fileLockStart, fileLockWait } from "../sys/file_lock.ts";
import { clockMonotonic } from "../sys/futex.ts";
import { isPast, NEVER } from "./deadline.ts";
import { register, unregister } from "./registry.ts";

/** What is asked of the kernel. */
export interface FileLockRequest {
  readonly fd: number;
  readonly operation: number;
  readonly start: number;
  /** 0 is up to the end. */
  readonly length: number;
}

/** A blocking wait comes up this often, in ns, so that worker.terminate() can end it. */
const COME_UP_EVERY_NS = 100_000_000;

/** Waits for the lock and blocks this thread until the deadline: 0 it is ours, -EINTR the deadline, or -errno. */
export function waitForFileLockSync({ fd, operation, start, length }: FileLockRequest, deadline: number): number {
  const job = fileLockStart(fd, operation, start, length, -1);
  if (job < 0) return job;
  for (let isDone = 0; isDone === 0 && !isPast(deadline); ) {
    const latest = clockMonotonic() + COME_UP_EVERY_NS;
    isDone = fileLockWait(job, deadline === NEVER ? latest : Math.min(deadline, latest));
  }
  return fileLockEnd(job);
}

/** The same for one that awaits. Does not keep the process alive. */
export class FileLockJob {
  readonly #id: number;
  readonly #job: number;
  readonly #callback: () => void;

  /** Calls back when there is an outcome. */
  constructor({ fd, operation, start, length }: FileLockRequest, callback: () => void) {
    this.#callback = callback;
    this.#id = register(this);
    this.#job = fileLockStart(fd, operation, start, length, this.#id);
  }

  /** For the registry only. */
  fire(): void {
    this.#callback();
  }

  /** 0 when the wait has begun, or -errno. */
  get begun(): number {
    return Math.min(this.#job, 0);
  }

  /** Asks it to come to an end. The callback tells when it has, some 100 us later; then `end` does not block. */
  cancel(): void {
    fileLockCancel(this.#job);
  }

  /** Ends it, exactly once: 0 the lock is ours, -EINTR it still waited, or -errno. Blocks until its thread is out. */
  end(): number {
    unregister(this.#id);
    return this.#job < 0 ? this.#job : fileLockEnd(this.#job);
  }
}

/** The answer of a job that was ended while it waited. */
export const STILL_WAITING = -errno.EINTR;
