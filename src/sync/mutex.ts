// Mutex: mutual exclusion between processes that heals when its holder dies.

import process from "node:process";
import type { Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { type AwaitOptions, deadlineOf, type WaitOptions } from "../wait/deadline.ts";
import { Peer } from "../wait/peer.ts";
import type { Waiter } from "../wait/waiter.ts";
import * as layout from "./layout.ts";
import { ACQUIRED, BUSY, LockWord, RECOVERED } from "./lock_word.ts";
import { type Recovered, RecoveryState, reasonIn } from "./recovery.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";

/** Of the module: V8 takes an imported binding to be variable (D34). */
const LOCK_INDEX = layout.LOCK / 4;
const STATE_INDEX = layout.STATE / 4;
const SOUND = layout.STATE_SOUND;

const UNREPAIRED = "its holder died and the next one did not repair";

/** What a guard is good for: HELD after a lock without a recovery, of which the other ones tell. */
const HELD = 0;
const TO_REPAIR = 1;
const REPAIRED = 2;
const USED_UP = 3;

function usedUp(): IpcError {
  const hint = "its guard was used up";
  return new IpcError(errno.EPERM, { syscall: "unlock", doing: "unlock a mutex twice", hint });
}

/** What a guard asks of its mutex; nobody else should, so there it is protected. */
interface GuardedLock {
  settle(reason: string | undefined): void;
  release(): void;
}

/** Possession of a mutex, until `unlock`. */
export class MutexGuard {
  /** Set when the holder before died in possession: repair what the mutex protects, then call `repaired`. */
  readonly recovered: Recovered | undefined;
  /** Whose guard this is. */
  readonly mutex: Mutex;
  /** A number, and `private`, not #private, here and in Mutex: each lock makes a guard (D34). */
  private state: number = HELD;

  /** Use `mutex.lock()`. */
  constructor(mutex: Mutex, recovered: Recovered | undefined) {
    this.mutex = mutex;
    this.recovered = recovered;
    if (recovered !== undefined) this.state = TO_REPAIR;
  }

  /**
   * For conditions: whether it was unlocked.
   *
   * @internal
   */
  get isUsedUp(): boolean {
    return this.state === USED_UP;
  }

  /**
   * For conditions: whether unlocking makes the mutex unrecoverable.
   *
   * @internal
   */
  get isToRepair(): boolean {
    return this.state === TO_REPAIR;
  }

  /** What the mutex protects is sound again. */
  repaired(): void {
    if (this.state === TO_REPAIR) this.state = REPAIRED;
  }

  /**
   * Gives the mutex back. After a recovery without `repaired()` nobody can take it any more: `unrecoverable` says why.
   *
   * @throws {IpcError} EPERM this guard has been unlocked already; EBADMSG somebody has cut the file: whoever waits for
   * the mutex is told so, but who takes it now has one of its own
   */
  unlock(options?: { unrecoverable?: string | undefined }): void {
    if (this.state !== HELD || options !== undefined) this.settle(options);
    this.state = USED_UP;
    (this.mutex as unknown as GuardedLock).release();
  }

  /** What comes before an unlock after a recovery. Apart, so that engines find the usual way short enough to inline. */
  private settle(options: { unrecoverable?: string } | undefined): void {
    if (this.state === USED_UP) throw usedUp();
    const silence = this.state === TO_REPAIR ? UNREPAIRED : undefined;
    (this.mutex as unknown as GuardedLock).settle(reasonIn(options) ?? silence);
  }

  /** Gives the mutex back, unless that was done. */
  [Symbol.dispose](): void {
    if (this.state !== USED_UP) this.unlock();
  }
}

/**
 * A lock between processes of any runtime. Its holder is the participant, not the thread: what was opened by name is one
 * for each time it is opened, and waits for another one of the same process, but not blocking and without a timeout in one
 * thread (EDEADLK); all that is laid over a memory with the same `Participants` is one. A holder that dies is found dead
 * by the kernel's word, at once, and the next one is told so in `guard.recovered`: it repairs, or the mutex becomes
 * unrecoverable with a reason. Uncontended, `lockSync` and `unlock` make no system call. Not recursive. A stopped holder
 * (SIGSTOP) is not dead. Waiters are not served in the order of arrival. `using guard = await mutex.lock()` unlocks at the
 * end of its block; Node 22 does not know `using`: there, try and finally.
 *
 * @example
 * ```ts
 * import { Mutex } from "@linux-ipc/core";
 * const mutex = Mutex.create("/linux-ipc-example-mutex", { unlinkOnClose: true });
 * const guard = await mutex.lock();
 * if (guard.recovered) guard.repaired(); // after putting right what process guard.recovered.pid left half done
 * console.log(mutex.tryLock()); // undefined
 * guard.unlock();
 * mutex.close();
 * ```
 */
export class Mutex extends SharedObject {
  /** What a mutex's bytes are. */
  static readonly kind: ObjectKind<object> = {
    letters: "MUTX",
    version: layout.VERSION,
    noun: "mutex",
    optionNames: [],
    size: () => layout.MUTEX_SIZE,
  };

  private readonly word: LockWord;
  /** Of the lock word, and who we are there: one step less at each lock. */
  private readonly words: Int32Array;
  private readonly me: number = 0;
  private readonly state: RecoveryState;
  private readonly waiter: Waiter;
  /** Whether a guard of this object is out. */
  private isHeld = false;
  private readonly attempt = () => this.tryLock();

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, Mutex.kind.noun);
    const { memory, participants, base } = placement;
    this.word = new LockWord(memory, layout.lockAt(base), participants);
    this.words = this.word.words;
    this.me = this.word.me;
    this.state = new RecoveryState(memory.buffer, base);
    this.waiter = this.makeLockWaiter(this.word);
  }

  /** Whether somebody holds it at this moment. */
  get isLocked(): boolean {
    this.checkOpen("read");
    return this.word.owner !== 0;
  }

  /** Who holds it at this moment, alive or dead; undefined when it is free. The caller closes the Peer. */
  holder(): Peer | undefined {
    this.checkOpen("ask who holds");
    const { owner } = this.word;
    return owner === 0 ? undefined : Peer.ofParticipant(this.placement.participants, owner);
  }

  /** After the word was taken; what it protects may be half changed. */
  private guardRecovered(outcome: number): MutexGuard {
    if (this.state.isUnrecoverable) {
      this.word.release();
      throw this.error(errno.ENOTRECOVERABLE, "lock", this.state.reason);
    }
    const { participants } = this.placement;
    const pid = outcome === RECOVERED ? participants.pidOf(this.word.predecessor) : this.state.deadPid;
    const recovered = this.state.suspect(pid);
    this.isHeld = true;
    return new MutexGuard(this, recovered);
  }

  /**
   * Takes the mutex, if it is free; undefined when it is held. Never waits.
   *
   * @throws {IpcError} ENOTRECOVERABLE a holder died and its successor gave up; EBADF after close
   */
  tryLock(): MutexGuard | undefined {
    if (!this.isOpen) this.checkOpen("lock");
    const { words } = this;
    const found = Atomics.compareExchange(words, LOCK_INDEX, 0, this.me); // as LockWord.tryAcquire
    if (found !== 0 || words[STATE_INDEX] !== SOUND) return this.tryLockFound(found);
    this.isHeld = true;
    return new MutexGuard(this, undefined);
  }

  /** As tryLock, which found the word taken, or took it and the state not sound. */
  private tryLockFound(found: number): MutexGuard | undefined {
    const outcome = found === 0 ? ACQUIRED : this.word.tryReplace(found);
    if (outcome === BUSY) return undefined;
    if (outcome !== ACQUIRED || !this.state.isSound) return this.guardRecovered(outcome);
    this.isHeld = true;
    return new MutexGuard(this, undefined);
  }

  /**
   * Takes the mutex, blocking this thread until it is free.
   *
   * @throws {IpcError} EDEADLK this participant holds it already, or without a timeout another one of this thread does;
   * ENOTRECOVERABLE; EBADF after close
   */
  lockSync(options?: WaitOptions & { timeoutMs?: undefined }): MutexGuard;
  /** As without a timeout, but undefined after it. */
  lockSync(options: WaitOptions | undefined): MutexGuard | undefined;
  /** Bad options are refused before it looks at the lock. */
  lockSync(options?: WaitOptions): MutexGuard | undefined {
    if (options !== undefined) deadlineOf(options, "lockSync");
    const guard = this.tryLock();
    if (guard !== undefined) return guard;
    if (this.word.isMine) throw this.error(errno.EDEADLK, "lock", "this process holds it");
    return this.blocking(this.waiter, "lockSync", this.attempt, options);
  }

  /**
   * Takes the mutex, as a promise. Calls of this object are served in order, also while this process itself holds it.
   * An abort rejects with `signal.reason` and takes nothing. Errors as `lockSync`, but EDEADLK.
   */
  lock(options?: AwaitOptions & { timeoutMs?: undefined }): Promise<MutexGuard>;
  /** As without a timeout, but undefined after it; nothing is taken then. */
  lock(options: AwaitOptions | undefined): Promise<MutexGuard | undefined>;
  /** Tries at once only if no earlier call waits: that makes the order. */
  lock(options?: AwaitOptions): Promise<MutexGuard | undefined> {
    return this.awaiting(this.waiter, "lock", this.attempt, options);
  }

  /** For its guard, before `release`: the state that it leaves behind after a recovery. */
  protected settle(reason: string | undefined): void {
    if (!this.isOpen) return;
    if (reason === undefined) this.state.repaired();
    else this.state.unrecoverable(reason);
  }

  /** For its guard, once. */
  protected release(): void {
    if (!this.isOpen) return; // close() has passed it on
    this.isHeld = false;
    if (!this.word.release()) throw this.refusal(errno.EPERM, "unlock", "somebody else holds it");
  }

  /** For `close`: passes the mutex, if held here, on as from the dead: the next holder is told, and repairs. */
  protected override abandon(): void {
    if (!this.isHeld || !this.word.isMine) return;
    if (!this.state.isUnrecoverable) this.state.suspect(process.pid);
    this.word.release();
  }
}
