// RwLock: many readers or one writer; both heal when a holder dies.

import process from "node:process";
import type { Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { checkBoolean } from "../sys/validate.ts";
import { type AwaitOptions, deadlineOf, remainingOptions, type WaitOptions } from "../wait/deadline.ts";
import type { Waiter } from "../wait/waiter.ts";
import { Drain } from "./drain.ts";
import { lockAt, RWLOCK_DRAIN, RWLOCK_PREFERS_READERS, RWLOCK_SIZE, VERSION } from "./layout.ts";
import { ACQUIRED, BUSY, LockWord, RECOVERED } from "./lock_word.ts";
import { Readers } from "./readers.ts";
import { type Recovered, RecoveryState } from "./recovery.ts";
import { ReadGuard, type ReadLock, WriteGuard, type WriteLock } from "./rwlock_guards.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";

/** What a reader-writer lock is made with. */
export interface RwLockOptions {
  /** New readers pass while a writer waits; false unless said: a waiting writer holds them off. */
  preferReaders?: boolean;
}

/**
 * A reader-writer lock between processes. A reader that dies stops counting. A writer that dies leaves the next holder,
 * reader or writer, with `recovered` set and alone in the lock, to repair or to make it unrecoverable (see Mutex).
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
  static readonly kind: ObjectKind<RwLockOptions> = {
    letters: "RWLK",
    version: VERSION,
    noun: "rwlock",
    optionNames: ["preferReaders"],
    size: ({ preferReaders = false }) => {
      checkBoolean(preferReaders, "preferReaders");
      return RWLOCK_SIZE;
    },
    fill: ({ preferReaders }, buffer, base) =>
      new DataView(buffer).setInt32(base + RWLOCK_PREFERS_READERS, preferReaders ? 1 : 0, true),
  };

  // `private`, not #private: see D34
  private readonly writer: LockWord;
  private readonly state: RecoveryState;
  private readonly drain: Drain;
  private readonly readers: Readers;
  /** Waits for the writer's word, and for readers to leave. */
  private readonly gate: Waiter;
  private readonly drained: Waiter;
  /** As `drained`, for an upgrade: behind a writer that waits for its reader it would wait for ever. */
  private readonly upgraded: Waiter;
  /** Whether the writer's word is ours: in the lock, or waiting for readers to leave. */
  private hasWord = false;
  private readonly attemptRead = () => this.tryRead();
  private readonly attemptWrite = () => this.tryWrite();

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, RwLock.kind.noun);
    const { memory, base, participants } = placement;
    this.writer = new LockWord(memory, lockAt(base), participants);
    this.state = new RecoveryState(memory.buffer, base);
    this.drain = new Drain(memory, base);
    this.readers = new Readers(placement);
    this.gate = this.makeLockWaiter(this.writer);
    const outside = () => (this.drain.prefersReaders ? this.writer.livingOwner : 0); // writers wait outside their word
    this.drained = this.makeWaiter({ offset: RWLOCK_DRAIN, allPeers: () => this.readers.inTheWay(0, outside()) });
    this.upgraded = this.makeWaiter({ offset: RWLOCK_DRAIN, allPeers: () => this.readers.inTheWay(1, 0) });
  }

  // -- reading ---------------------------------------------------------------------------------------------------

  /** Takes the lock for reading, if no writer has it or waits for it. Never waits. */
  tryRead(): ReadGuard | undefined {
    this.checkOpen("read");
    if (this.readers.ours > 0) return this.countRead();
    if (this.writer.owner !== 0) return this.tryReadAfterDeath();
    this.readers.announce();
    if (this.writer.owner === 0 && this.state.isSoundForReader) return this.countRead();
    this.readers.withdraw();
    this.drain.notify(); // a draining writer may have seen us
    return this.tryReadAfterDeath();
  }

  private countRead(): ReadGuard {
    this.readers.enter();
    return new ReadGuard(this as unknown as ReadLock);
  }

  /** The writer is alive (undefined), or dead: then the reader gets the lock alone, to repair. */
  private tryReadAfterDeath(): ReadGuard | undefined {
    const outcome = this.tryAcquire();
    if (outcome === BUSY) return undefined;
    if (outcome === ACQUIRED && this.state.isSound) {
      this.releaseWriter(); // it has just become free: look again as a reader
      return this.tryRead();
    }
    return new ReadGuard(this as unknown as ReadLock, this.writeGuard(outcome));
  }

  /** For a guard, once. */
  protected leave(): void {
    if (!this.isOpen) return;
    this.readers.leave();
    this.drain.notify(); // also for one of several: another one of them may wait to become a writer
  }

  /** Takes the lock for reading, blocking this thread; undefined after the timeout. Errors as Mutex.lockSync. */
  readSync(options?: WaitOptions): ReadGuard | undefined {
    this.checkOpen("read");
    const deadline = deadlineOf(options, "readSync");
    if (this.writer.isMine) throw this.error(errno.EDEADLK, "read", "this process holds it for writing");
    return this.tryRead() ?? this.gate.waitSync(this.attemptRead, deadline);
  }

  /** Takes the lock for reading, as a promise. An abort rejects with `signal.reason` and takes nothing. */
  read(options?: AwaitOptions & { timeoutMs?: undefined }): Promise<ReadGuard>;
  /** As without a timeout, but undefined after it; nothing is taken then. */
  read(options: AwaitOptions): Promise<ReadGuard | undefined>;
  /** One wait, at the writer's word, which a reader that repairs has too. */
  read(options?: AwaitOptions): Promise<ReadGuard | undefined> {
    return this.awaiting(this.gate, "read", this.attemptRead, options);
  }

  // -- writing ---------------------------------------------------------------------------------------------------

  /** Whether the readers are gone, but for `own` guards of this participant. */
  private isDrained(own: number): boolean {
    return this.readers.ours <= own && !this.readers.hasOthers;
  }

  /** A writer that died while it waited for readers to leave had not been in: that is not a recovery. */
  private tryAcquire(): number {
    const outcome = this.writer.tryAcquire();
    if (outcome !== BUSY) this.hasWord = true;
    return outcome === RECOVERED && !this.drain.hasEntered ? ACQUIRED : outcome;
  }

  private deadPid(outcome: number): number {
    return outcome === RECOVERED ? this.placement.participants.pidOf(this.writer.predecessor) : this.state.deadPid;
  }

  private releaseWriter(): void {
    this.hasWord = false;
    this.writer.release();
    this.drain.notify(); // a writer that prefers readers sleeps there
  }

  private writeGuard(outcome: number): WriteGuard {
    const isSound = outcome === ACQUIRED && this.state.isSound;
    const recovered = isSound ? undefined : this.recover(outcome);
    this.drain.hasEntered = true;
    return new WriteGuard(this as unknown as WriteLock, recovered);
  }

  private recover(outcome: number): Recovered {
    if (this.state.isUnrecoverable) {
      this.releaseWriter();
      throw this.error(errno.ENOTRECOVERABLE, "lock", this.state.reason);
    }
    return this.state.suspect(this.deadPid(outcome));
  }

  /** For a guard, once; with a reason nobody can take the lock any more. */
  protected unlockWrite(reason: string | undefined): void {
    if (!this.isOpen) return;
    if (reason !== undefined) this.state.unrecoverable(reason);
    else if (!this.state.isSound) this.state.repaired();
    this.drain.hasEntered = false;
    this.releaseWriter();
  }

  /** Takes the lock for writing, if nobody has it. Never waits. */
  tryWrite(): WriteGuard | undefined {
    this.checkOpen("write");
    // looking first: taking the word and giving it back would wake us, who wait for the readers to leave, at each look
    if (!this.isDrained(0)) return undefined;
    const outcome = this.tryAcquire();
    if (outcome === BUSY) return undefined;
    if (this.isDrained(0)) return this.writeGuard(outcome);
    this.giveUp(outcome);
    return undefined;
  }

  /** Gives the writer's word back without having been in the lock; a death that it told of is told to the next. */
  private giveUp(outcome: number): void {
    if (outcome === RECOVERED && !this.state.isUnrecoverable) this.state.suspect(this.deadPid(outcome));
    this.drain.hasEntered = false;
    this.releaseWriter();
  }

  /** Takes the lock for writing, blocking this thread; undefined after the timeout. Errors as Mutex.lockSync. */
  writeSync(options?: WaitOptions): WriteGuard | undefined {
    this.checkOpen("write");
    const deadline = deadlineOf(options, "writeSync");
    if (this.writer.isMine || this.readers.ours > 0) throw this.error(errno.EDEADLK, "write", "this process holds it");
    if (this.drain.prefersReaders) return this.tryWrite() ?? this.drained.waitSync(this.attemptWrite, deadline);
    const outcome = this.tryAcquire() || this.gate.waitSync(() => this.tryAcquire() || undefined, deadline);
    if (outcome === undefined) return undefined;
    let isDrained = this.isDrained(0);
    try {
      isDrained ||= this.drained.waitSync(() => this.isDrained(0) || undefined, deadline) ?? false;
    } finally {
      if (!isDrained) this.giveUp(outcome);
    }
    return isDrained ? this.writeGuard(outcome) : undefined;
  }

  /** Takes the lock for writing, as a promise. An abort rejects with `signal.reason` and takes nothing. */
  write(options?: AwaitOptions & { timeoutMs?: undefined }): Promise<WriteGuard>;
  /** As without a timeout, but undefined after it, also where readers have not left; nothing is taken then. */
  write(options: AwaitOptions): Promise<WriteGuard | undefined>;
  /** Two waits under one timeout: for the writer's word, then for readers to leave; one where readers are preferred. */
  async write(options?: AwaitOptions): Promise<WriteGuard | undefined> {
    if (this.drain.prefersReaders) return this.awaiting(this.drained, "write", this.attemptWrite, options);
    const start = performance.now();
    const attempt = () => {
      this.checkOpen("write");
      return this.tryAcquire() || undefined;
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
      if (own > 0) this.leave();
      return true;
    };
    try {
      isDrained = (await this.awaiting(waiter, "write", attempt, options)) ?? false;
    } finally {
      if (!isDrained && this.isOpen) this.giveUp(outcome);
    }
    if (!isDrained) return undefined;
    this.checkOpen("write"); // closed after that look: the word has been given back
    return this.writeGuard(outcome);
  }

  // -- upgrading -------------------------------------------------------------------------------------------------

  /** For a guard that has not been used up. */
  protected tryUpgrade(): WriteGuard | undefined {
    this.checkOpen("upgrade");
    const outcome = this.tryAcquire();
    if (outcome === BUSY) return undefined;
    const guard = this.isDrained(1) ? this.writeGuard(outcome) : undefined;
    if (guard === undefined) this.giveUp(outcome);
    else this.leave();
    return guard;
  }

  /** For a guard that counts as used up meanwhile. */
  protected async upgrade(options: AwaitOptions | undefined): Promise<WriteGuard | undefined> {
    this.checkOpen("upgrade");
    const outcome = this.tryAcquire();
    if (outcome === BUSY) return undefined; // a writer waits for us to leave: waiting for it would be for ever
    return this.drainThen(outcome, 1, options);
  }

  /** For `close`: the read guards of this object stop counting; a writer that was in passes on as from the dead. */
  protected override abandon(): void {
    this.readers.close();
    const hasEntered = this.hasWord && this.drain.hasEntered;
    if (hasEntered && !this.state.isUnrecoverable) this.state.suspect(process.pid);
    if (hasEntered) this.drain.hasEntered = false;
    if (this.hasWord) this.releaseWriter();
    else this.drain.notify();
  }
}
