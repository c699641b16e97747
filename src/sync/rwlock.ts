// RwLock: many readers or one writer; both heal when a holder dies.

import type { Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { clockMonotonic } from "../sys/futex.ts";
import { type AwaitOptions, deadlineOf, NEVER, remainingOptions, type WaitOptions } from "../wait/deadline.ts";
import type { Waiter } from "../wait/waiter.ts";
import type { Drain } from "./drain.ts";
import { RWLOCK_DRAIN } from "./layout.ts";
import { ACQUIRED, BUSY, type LockWord } from "./lock_word.ts";
import { Readers } from "./readers.ts";
import type { RecoveryState } from "./recovery.ts";
import { ReadGuard, type ReadLock, WriteGuard, type WriteLock } from "./rwlock_guards.ts";
import { type RwLockOptions, rwLockKind } from "./rwlock_options.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";
import { WriterSeat } from "./writer_seat.ts";

/** So long, in ns, a blocking reader waits for a writer that waits for the same thread's readers, before it is EDEADLK. */
const GIVE_UP_WITHIN_NS = 250_000_000;

/**
 * A reader-writer lock between processes. A reader that dies stops counting. A writer that dies leaves the next holder,
 * reader or writer, with `recovered` set and alone in the lock, to repair or to make it unrecoverable (see Mutex).
 *
 * Reading is not recursive, unless readers are preferred: who reads and reads again waits behind a writer that waits for
 * its first guard, and for ever if it gives that one back only afterwards. So it is with a read while an upgrade waits.
 *
 * @example
 * ```ts
 * import { RwLock } from "@linux-ipc/core";
 * const lock = RwLock.create("/linux-ipc-example-rwlock", { unlinkOnClose: true });
 * const reader = await lock.read();
 * console.log(lock.tryWrite()); // undefined
 * const writer = reader.tryUpgrade();
 * console.log(writer?.recovered, lock.tryRead()); // undefined undefined
 * writer?.unlock();
 * lock.close();
 * ```
 */
export class RwLock extends SharedObject {
  /** What a reader-writer lock's bytes are. */
  static readonly kind: ObjectKind<RwLockOptions> = rwLockKind;

  // `private`, not #private: see D34
  private readonly seat: WriterSeat;
  /** Of the seat: one step less at each lock. */
  private readonly writer: LockWord;
  private readonly state: RecoveryState;
  private readonly drain: Drain;
  private readonly readers: Readers;
  /** Waits for the writer's word, and for readers to leave. */
  private readonly gate: Waiter;
  private readonly drained: Waiter;
  /** As `drained`, for an upgrade: behind a writer that waits for its reader it would wait for ever. */
  private readonly upgraded: Waiter;
  private readonly attemptRead = () => this.tryRead();
  private readonly attemptWrite = () => this.tryWrite();

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, RwLock.kind.noun);
    this.seat = new WriterSeat(placement);
    this.writer = this.seat.word;
    this.state = this.seat.state;
    this.drain = this.seat.drain;
    this.readers = new Readers(placement);
    this.gate = this.makeLockWaiter(this.writer);
    const outside = () => (this.drain.prefersReaders ? this.writer.livingOwner : 0); // writers wait outside their word
    this.drained = this.makeWaiter({ offset: RWLOCK_DRAIN, allPeers: () => this.readers.inTheWay(0, outside()) });
    this.upgraded = this.makeWaiter({ offset: RWLOCK_DRAIN, allPeers: () => this.readers.inTheWay(1, 0) });
  }

  // -- reading ---------------------------------------------------------------------------------------------------

  /** Takes the lock for reading, unless a writer has it, or waits (not with preferReaders). Errors as Mutex.tryLock. */
  tryRead(): ReadGuard | undefined {
    this.checkOpen("read");
    if (this.readers.ours > 0) return this.tryReadAgain();
    if (this.writer.owner !== 0) return this.tryReadAfterDeath();
    this.readers.announce();
    if (this.writer.owner === 0 && this.state.isSoundForReader) return this.countRead();
    this.readers.withdraw();
    this.drain.notify(); // a draining writer may have seen us
    return this.tryReadAfterDeath();
  }

  /** Our word is announced: a writer that comes behind this look waits for us. One that waits already goes first. */
  private tryReadAgain(): ReadGuard | undefined {
    return this.drain.prefersReaders || this.writer.livingOwner === 0 ? this.countRead() : undefined;
  }

  private countRead(): ReadGuard {
    this.readers.enter();
    return new ReadGuard(this as unknown as ReadLock);
  }

  /** The writer is alive (undefined), or dead: then the reader gets the lock alone, to repair. */
  private tryReadAfterDeath(): ReadGuard | undefined {
    const outcome = this.seat.tryTake();
    if (outcome === BUSY) return undefined;
    if (outcome === ACQUIRED && this.state.isSound) {
      this.seat.release(); // it has just become free: look again as a reader
      return this.tryRead();
    }
    return new ReadGuard(this as unknown as ReadLock, this.writeGuard(outcome));
  }

  /** For a guard, once. */
  protected leave(): void {
    if (!this.isOpen) return;
    const wasThere = this.readers.leave();
    this.drain.notify(); // also for one of several: another one of them may wait to become a writer
    if (!wasThere) this.refuse("unlock");
  }

  /** Our word was not there. Apart, so that engines find the usual way short enough to inline. */
  private refuse(verb: string): never {
    throw this.refusal(errno.EPERM, verb, "somebody else has taken it");
  }

  /**
   * Takes the lock for reading, blocking this thread. Errors as Mutex.lockSync; EDEADLK also where this thread reads
   * already, and a writer waits for it to stop.
   */
  readSync(options?: WaitOptions & { timeoutMs?: undefined }): ReadGuard;
  /** As without a timeout, but undefined after it. */
  readSync(options: WaitOptions | undefined): ReadGuard | undefined;
  /** One wait, at the writer's word. */
  readSync(options?: WaitOptions): ReadGuard | undefined {
    this.checkOpen("read");
    const deadline = deadlineOf(options, "readSync");
    if (this.writer.isMine) throw this.error(errno.EDEADLK, "read", this.seat.ours);
    const guard = this.tryRead();
    if (guard !== undefined) return guard;
    return deadline === NEVER && this.readers.isThisThread
      ? this.readSoon()
      : this.gate.waitSync(this.attemptRead, deadline);
  }

  /** A writer is in the way that waits for this thread. It may be one that only looks, or gives up: a moment for that. */
  private readSoon(): ReadGuard {
    const guard = this.gate.waitSync(this.attemptRead, clockMonotonic() + GIVE_UP_WITHIN_NS);
    if (guard === undefined) throw this.error(errno.EDEADLK, "read", "a writer waits, and this thread reads already");
    return guard;
  }

  /** Takes the lock for reading, as a promise. An abort rejects with `signal.reason` and takes nothing. */
  read(options?: AwaitOptions & { timeoutMs?: undefined }): Promise<ReadGuard>;
  /** As without a timeout, but undefined after it; nothing is taken then. */
  read(options: AwaitOptions | undefined): Promise<ReadGuard | undefined>;
  /** One wait, at the writer's word, which a reader that repairs has too. */
  read(options?: AwaitOptions): Promise<ReadGuard | undefined> {
    return this.awaiting(this.gate, "read", this.attemptRead, options);
  }

  // -- writing ---------------------------------------------------------------------------------------------------

  /** Whether the readers are gone, but for `own` guards of this participant. */
  private isDrained(own: number): boolean {
    return this.readers.ours <= own && !this.readers.hasOthers;
  }

  private writeGuard(outcome: number): WriteGuard {
    if (this.state.isUnrecoverable) {
      this.seat.release();
      throw this.error(errno.ENOTRECOVERABLE, "lock", this.state.reason);
    }
    return new WriteGuard(this as unknown as WriteLock, this.seat.enter(outcome));
  }

  /** For a guard, once; with a reason nobody can take the lock any more. */
  protected unlockWrite(reason: string | undefined): void {
    if (this.isOpen && !this.seat.leave(reason)) this.refuse("unlock");
  }

  /** For a guard, once. SYNC readers: a writer that takes its word behind us finds ours among the readers'. */
  protected downgrade(): ReadGuard {
    this.checkOpen("downgrade");
    this.readers.announce();
    const guard = this.countRead();
    if (!this.seat.leave(undefined)) this.refuse("downgrade");
    return guard;
  }

  /** Takes the lock for writing, if nobody has it. Never waits. Errors as Mutex.tryLock. */
  tryWrite(): WriteGuard | undefined {
    this.checkOpen("write");
    // looking first: taking the word and giving it back would wake us, who wait for the readers to leave, at each look
    if (!this.isDrained(0)) return undefined;
    const outcome = this.seat.tryTake();
    if (outcome === BUSY) return undefined;
    if (this.isDrained(0)) return this.writeGuard(outcome);
    this.seat.giveUp(outcome);
    return undefined;
  }

  /** Takes the lock for writing, blocking this thread. Errors as Mutex.lockSync. */
  writeSync(options?: WaitOptions & { timeoutMs?: undefined }): WriteGuard;
  /** As without a timeout, but undefined after it, also where readers have not left; nothing is taken then. */
  writeSync(options: WaitOptions | undefined): WriteGuard | undefined;
  /** Waits as `write` does. */
  writeSync(options?: WaitOptions): WriteGuard | undefined {
    this.checkOpen("write");
    const deadline = deadlineOf(options, "writeSync");
    if (this.writer.isMine) throw this.error(errno.EDEADLK, "write", this.seat.ours);
    if (this.readers.ours > 0) throw this.error(errno.EDEADLK, "write", "this process holds it for reading");
    if (this.drain.prefersReaders) return this.tryWrite() ?? this.drained.waitSync(this.attemptWrite, deadline);
    const outcome = this.seat.tryTake() || this.gate.waitSync(() => this.seat.tryTake() || undefined, deadline);
    if (outcome === undefined) return undefined;
    return this.isDrained(0) || this.drainSync(outcome, 0, deadline) ? this.writeGuard(outcome) : undefined;
  }

  /** As drainThen, without the guard: whether the readers have left. */
  private drainSync(outcome: number, own: number, deadline: number): boolean {
    let isDrained = false;
    try {
      const waiter = own > 0 ? this.upgraded : this.drained;
      isDrained = waiter.waitSync(() => this.isDrained(own) || undefined, deadline) ?? false;
    } finally {
      if (!isDrained) this.seat.giveUp(outcome);
    }
    return isDrained;
  }

  /** Takes the lock for writing, as a promise. An abort rejects with `signal.reason` and takes nothing. */
  write(options?: AwaitOptions & { timeoutMs?: undefined }): Promise<WriteGuard>;
  /** As without a timeout, but undefined after it, also where readers have not left; nothing is taken then. */
  write(options: AwaitOptions | undefined): Promise<WriteGuard | undefined>;
  /** Two waits under one timeout: for the writer's word, then for readers to leave; one where readers are preferred. */
  async write(options?: AwaitOptions): Promise<WriteGuard | undefined> {
    if (this.drain.prefersReaders) return this.awaiting(this.drained, "write", this.attemptWrite, options);
    const start = options?.timeoutMs === undefined ? 0 : clockMonotonic();
    const attempt = () => {
      this.checkOpen("write");
      return this.seat.tryTake() || undefined;
    };
    const outcome = await this.awaiting(this.gate, "write", attempt, options);
    if (outcome === undefined) return undefined;
    return await this.drainThen(outcome, 0, remainingOptions(options, start));
  }

  /** `own`: 1 for an upgrade, whose guard leaves at the look that finds us alone: a read after that look waits. */
  private async drainThen(
    outcome: number,
    own: number,
    options: AwaitOptions | undefined,
  ): Promise<WriteGuard | undefined> {
    const waiter = own > 0 ? this.upgraded : this.drained;
    let isDrained = false;
    const attempt = () => {
      this.checkOpen("write");
      if (!this.isDrained(own)) return undefined;
      if (own > 0) this.becomeWriter();
      return true;
    };
    try {
      isDrained = (await this.awaiting(waiter, "write", attempt, options)) ?? false;
    } finally {
      if (!isDrained && this.isOpen) this.seat.giveUp(outcome);
    }
    if (!isDrained) return undefined;
    this.checkOpen("write"); // closed after that look: the word has been given back
    return this.writeGuard(outcome);
  }

  /** The guard that is upgraded reads no more. */
  private becomeWriter(): void {
    this.readers.leave();
    this.drain.notify();
  }

  // -- upgrading -------------------------------------------------------------------------------------------------

  /** For a guard that has not been used up. */
  protected upgradeSync(deadline: number): WriteGuard | undefined {
    this.checkOpen("upgrade");
    if (deadline === NEVER && this.readers.ours > 1)
      throw this.error(errno.EDEADLK, "upgrade", "this process holds it for reading by another guard, too");
    const outcome = this.seat.tryTake();
    if (outcome === BUSY || !(this.isDrained(1) || this.drainSync(outcome, 1, deadline))) return undefined;
    const guard = this.writeGuard(outcome);
    this.becomeWriter();
    return guard;
  }

  /** For a guard that counts as used up meanwhile. */
  protected async upgrade(options: AwaitOptions | undefined): Promise<WriteGuard | undefined> {
    this.checkOpen("upgrade");
    const outcome = this.seat.tryTake();
    if (outcome === BUSY) return undefined; // a writer waits for us to leave: waiting for it would be for ever
    return this.drainThen(outcome, 1, options);
  }

  /** For `close`: the read guards of this object stop counting; a writer that was in passes on as from the dead. */
  protected override abandon(): void {
    this.readers.close();
    this.seat.abandon();
  }
}
