// Guards of a reader-writer lock: possession for reading or for writing, until unlock.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { type AwaitOptions, checkNotAborted, deadlineOf, type WaitOptions } from "../wait/deadline.ts";
import { type Recovered, reasonIn } from "./recovery.ts";

/** What guards ask of their lock; nobody else should, so there it is protected. */
export interface WriteLock {
  unlockWrite(reason: string | undefined): void;
  downgrade(): ReadGuard;
}
export interface ReadLock {
  leave(): void;
  upgradeSync(deadline: number): WriteGuard | undefined;
  upgrade(options: AwaitOptions | undefined): Promise<WriteGuard | undefined>;
}

/** A deadline that has passed. */
const AT_ONCE = 0;

function refuseWriter(verb: "unlock" | "downgrade", hint = "it was unlocked or downgraded already"): never {
  throw new IpcError(errno.EPERM, { syscall: verb, doing: `${verb} a write guard`, hint });
}

function usedUpReader(verb: "unlock" | "upgrade"): IpcError {
  const hint = "it was unlocked or upgraded, or is being upgraded";
  return new IpcError(errno.EPERM, { syscall: verb, doing: `${verb} a read guard`, hint });
}

/** Possession of a lock alone, until `unlock`. */
export class WriteGuard {
  /** Set when the writer before died in possession: repair, then call `repaired`. */
  readonly recovered: Recovered | undefined;
  private readonly lock: WriteLock;
  private isUsedUp = false;
  private isRepaired: boolean;

  /** Use `lock.write()`. */
  constructor(lock: WriteLock, recovered: Recovered | undefined) {
    this.lock = lock;
    this.recovered = recovered;
    this.isRepaired = recovered === undefined;
  }

  /** What the lock protects is sound again. */
  repaired(): void {
    this.isRepaired = true;
  }

  /**
   * Gives the lock back. After a recovery without `repaired()` nobody can take it any more: `unrecoverable` says why.
   *
   * @throws {IpcError} EPERM this guard has been used up; EBADMSG somebody has cut the file, see MutexGuard
   */
  unlock(options?: { unrecoverable?: string | undefined }): void {
    const reason = reasonIn(options);
    if (this.isUsedUp) refuseWriter("unlock");
    this.isUsedUp = true;
    const silence = this.isRepaired ? undefined : "its writer died and the next holder did not repair";
    this.lock.unlockWrite(reason ?? silence);
  }

  /**
   * Becomes a reader, so that others may read too; nobody writes in between. Never waits. Uses this guard up.
   *
   * @throws {IpcError} EPERM this guard has been used up, or the writer before died and `repaired()` was not called: then
   * it still writes; EBADMSG as `unlock`; EBADF after the lock was closed
   */
  downgrade(): ReadGuard {
    if (this.isUsedUp) refuseWriter("downgrade");
    if (!this.isRepaired) refuseWriter("downgrade", "the writer before died: repair what it left, or unlock");
    this.isUsedUp = true;
    return this.lock.downgrade();
  }

  /** Gives the lock back, unless that was done. */
  [Symbol.dispose](): void {
    if (!this.isUsedUp) this.unlock();
  }
}

/** Possession of a lock together with other readers, until `unlock`. */
export class ReadGuard {
  private readonly lock: ReadLock;
  private isUsedUp = false;
  private readonly writer: WriteGuard | undefined;

  /** Use `lock.read()`. `writer`: a reader that found a dead writer has the lock alone. */
  constructor(lock: ReadLock, writer?: WriteGuard) {
    this.lock = lock;
    this.writer = writer;
  }

  /** Set when the writer before died in possession. This guard then holds the lock alone: repair, then `repaired`. */
  get recovered(): Recovered | undefined {
    return this.writer?.recovered;
  }

  /** What the lock protects is sound again. */
  repaired(): void {
    this.writer?.repaired();
  }

  /**
   * Becomes a writer, if no other reader or writer is there; undefined: it still reads. Uses the guard up if it does.
   *
   * @throws {IpcError} EPERM this guard has been used up; EBADF after the lock was closed
   */
  tryUpgrade(): WriteGuard | undefined {
    return this.upgradeBy(AT_ONCE);
  }

  private upgradeBy(deadline: number): WriteGuard | undefined {
    if (this.isUsedUp) throw usedUpReader("upgrade");
    const writer = this.writer ?? this.lock.upgradeSync(deadline);
    if (writer !== undefined) this.isUsedUp = true;
    return writer;
  }

  /**
   * As `upgrade`, blocking this thread.
   *
   * @throws {IpcError} EPERM, EBADF as `tryUpgrade`; EDEADLK without a timeout, where this thread reads by another guard
   */
  upgradeSync(options?: WaitOptions): WriteGuard | undefined {
    return this.upgradeBy(deadlineOf(options, "upgradeSync"));
  }

  /**
   * Becomes a writer when the other readers have left; undefined after the timeout, or at once when a writer already
   * waits (for us too: unlock, and lock for writing). Uses the guard up if it does; unlocking meanwhile is EPERM. An
   * abort rejects with `signal.reason`, and the guard still reads; EBADF after the lock was closed.
   */
  async upgrade(options?: AwaitOptions): Promise<WriteGuard | undefined> {
    if (this.isUsedUp) throw usedUpReader("upgrade");
    checkNotAborted(options, "upgrade");
    this.isUsedUp = true; // an unlock meanwhile would leave twice
    if (this.writer !== undefined) return this.writer;
    let writer: WriteGuard | undefined;
    try {
      writer = await this.lock.upgrade(options);
    } finally {
      this.isUsedUp = writer !== undefined;
    }
    return writer;
  }

  /**
   * Leaves.
   *
   * @throws {IpcError} EPERM this guard has been unlocked or upgraded already, or is being upgraded; EBADMSG somebody has
   * cut the file
   */
  unlock(): void {
    if (this.isUsedUp) throw usedUpReader("unlock");
    this.isUsedUp = true;
    if (this.writer === undefined) this.lock.leave();
    else this.writer[Symbol.dispose]();
  }

  /** Leaves, unless that was done. */
  [Symbol.dispose](): void {
    if (!this.isUsedUp) this.unlock();
  }
}
