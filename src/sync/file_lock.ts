// FileLock: advisory locks on files: flock(2), and record locks of fcntl(2) by open file description or by process.

import { orClose } from "../memory/file.ts";
import { accessHint, stickyHint } from "../memory/refusal.ts";
import { checkPath } from "../memory/regular_file.ts";
import { errno } from "../sys/errno.ts";
import { type Attempt, CLOSED_HERE, check, IpcError, startingThread } from "../sys/error.ts";
import { fileLock, fileLockTest, SHARED, UNLOCK } from "../sys/file_lock.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import { close, O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR, open } from "../sys/memory.ts";
import { disown, own } from "../sys/owned.ts";
import { checkInteger, checkOptions, refuseNew } from "../sys/validate.ts";
import { checkNotAborted, deadlineAfter } from "../wait/deadline.ts";
import { STILL_WAITING, waitForFileLockSync } from "../wait/file_lock_job.ts";
import { LoopTurns } from "../wait/loop_turns.ts";
import { type Claim, Claims, type Part } from "./file_lock_claims.ts";
import { FileLockGuard } from "./file_lock_guard.ts";
import * as choice from "./file_lock_options.ts";
import { comeOut, FileLockWait } from "./file_lock_wait.ts";

const RANGE = ["shared", "offset", "length"];

/**
 * Advisory locks on a file or parts of it, shared or exclusive, which any program that asks respects: `flock(1)`, SQLite,
 * lockf(3). The kernel drops the locks of a process that ends, however it ends; nothing is told to the next one.
 *
 * Kinds: `"ofd"` (the default) belongs to this object's descriptor, and so do two objects on one file exclude each other,
 * in one process too. `"flock"` does the same for whole files and does not meet the other two kinds (but over NFS).
 * `"posix"` belongs to the process: objects of one process do not exclude each other, and **closing any descriptor of the
 * file, by any code of the process, drops all of its locks**; use it only to meet programs that do. It alone finds
 * deadlocks (EDEADLK). "ofd" and "posix" exclude each other. A descriptor that a child inherits keeps "ofd" and "flock"
 * alive with it; ours are closed on exec, and with the Worker that has opened them ("posix" with the process).
 *
 * Within one object a byte is held once, or shared by several guards; a second one waits as for a stranger. Record locks
 * cover bytes that do not exist yet. `tryLock` never waits. Where the lock is busy, each call of `lockSync` and `lock` has
 * a native thread of its own that blocks in the system call, since the kernel has no other way to tell: some 50 us, and a
 * thread for as long as the call is pending, so that a thousand pending calls are a thousand threads. A timeout or an abort
 * interrupts that thread by a real-time signal (63, or the next lower one that nobody uses; SIGURG where RLIMIT_SIGPENDING
 * allows no more of them); should the kernel have given it the lock at that instant, the event loop's next turn gives it
 * back. Waiters are served by the kernel, roughly in order. Where shared bytes are given
 * back for which other calls of this object are pending, their threads come out and go in again: some 200 us each.
 *
 * @see https://man7.org/linux/man-pages/man2/fcntl_locking.2.html
 * @see https://man7.org/linux/man-pages/man2/flock.2.html
 * @example
 * ```ts
 * import { FileLock } from "@linux-ipc/core";
 * const file = FileLock.open("/tmp/linux-ipc-example-lock", { create: true });
 * const guard = await file.lock({ offset: 0, length: 100 });
 * const other = FileLock.open("/tmp/linux-ipc-example-lock"); // usually in another process
 * console.log(other.tryLock()); // undefined
 * console.log(other.tryLock({ offset: 100 })?.length); // Infinity
 * guard.unlock();
 * other.close();
 * file.close();
 * ```
 */
export class FileLock {
  /** In whose name the kernel holds the locks. */
  readonly kind: choice.FileLockKind;
  /** As it was given; undefined over a descriptor. */
  readonly path: string | undefined;
  readonly #ownsFd: boolean;
  /** The handle under which the descriptor ends with this environment, 0 where it does not. */
  readonly #owned: number;
  readonly #claims = new Claims();
  readonly #waiting = new Set<FileLockWait>();
  /** Those of them that wait for other claims of this object, and not yet in the kernel. */
  readonly #queue = new Set<FileLockWait>();
  readonly #turns = new LoopTurns();
  #fd: number;
  #isRef = true;

  private constructor(kind: choice.FileLockKind, fd: number, path?: string, owned = 0) {
    if (typeof kind !== "string" || typeof fd !== "number") refuseNew(FileLock);
    this.kind = kind;
    this.path = path;
    this.#fd = fd;
    this.#ownsFd = path !== undefined;
    this.#owned = owned;
  }

  /**
   * Opens the file at `path` for locking, with a descriptor of its own.
   *
   * @throws {IpcError} ENOENT no such file; EACCES not permitted; EISDIR a directory, but with `readOnly`; EMFILE
   * @throws {RangeError} an empty path
   */
  static open(path: string | URL, options: choice.FileLockOpenOptions = {}): FileLock {
    const file = checkPath(path);
    const { kind, create, mode, readOnly } = choice.checkFileLockOpen(options);
    const flags = (readOnly ? O_RDONLY : O_RDWR) | (create ? O_CREAT : 0) | O_NONBLOCK; // a FIFO would wait for a peer
    const fd = open(file, flags, mode);
    const hint = () => (create && stickyHint(fd, file)) || accessHint(fd, file, !readOnly);
    check(fd, () => ({ syscall: "open", doing: `open ${file} for locking`, path: file, hint: hint() }));
    // Those of kind "posix" are the process's, and closing one of its descriptors would drop them all.
    const claim = () => check(own(fd), () => ({ syscall: "open", doing: `own ${file}` }));
    return new FileLock(kind, fd, file, kind === "posix" ? 0 : orClose(fd, claim));
  }

  /** Over a descriptor that stays its owner's: `close` here leaves it open, and it must not be closed before. */
  static over(fd: number, options: { kind?: choice.FileLockKind | undefined } = {}): FileLock {
    checkOptions(options, ["kind"], "FileLock.over");
    return new FileLock(choice.checkKind(options.kind ?? "ofd"), checkInteger(fd, "fd", 0, 2 ** 31 - 1));
  }

  #attempt(verb: string, hint?: string): Attempt {
    const what = this.path ?? `descriptor ${this.#fd}`;
    return { syscall: this.kind === "flock" ? "flock" : "fcntl", doing: `${verb} ${what}`, path: this.path, hint };
  }

  #check(range: choice.FileLockRange, more: readonly string[], what: string): choice.Wanted {
    checkOptions(range, [...RANGE, ...more], what);
    const wanted = choice.checkRange(range, this.kind);
    if (this.#fd < 0) throw new IpcError(errno.EBADF, this.#attempt("lock", CLOSED_HERE));
    return wanted;
  }

  #request({ start, end }: Part, operation: number) {
    return { fd: this.#fd, operation, start, length: end === Infinity ? 0 : end - start };
  }

  /** A guard, undefined where the answer is `inVain`; throws what else there is to say. */
  #settle(claim: Claim, result: number, inVain: number): FileLockGuard | undefined {
    claim.isHeld = result === 0;
    if (claim.isHeld) return new FileLockGuard(claim, () => this.#drop(claim));
    this.#drop(claim);
    if (result === inVain) return undefined;
    const hint = result === -errno.EBADF ? choice.badDescriptorHint(this.kind, this.#ownsFd) : undefined;
    const attempt = this.#attempt("lock", hint);
    throw new IpcError(-result, startingThread(result, attempt));
  }

  #drop(claim: Claim): void {
    if (this.#fd < 0) return; // close() has dropped everything
    this.#claims.remove(claim);
    if (claim.isHeld) this.#unlockUnheld(claim);
    for (const wait of [...this.#queue]) wait.attempt();
  }

  /** Whoever waits in the kernel for some of these bytes may get them at this instant, and would lose them by the unlock. */
  #unlockUnheld(part: Part): void {
    const outside = comeOut(this.#waiting, this.#claims.unheld(part));
    try {
      for (const piece of this.#claims.unheld(part)) this.#unlock(piece);
    } finally {
      for (const wait of outside) wait.goOn();
    }
  }

  #unlock(part: Part): void {
    const { fd, operation, start, length } = this.#request(part, choice.unlockOperationOf(this.kind));
    check(fileLock(fd, operation, start, length), () => this.#attempt("unlock"));
  }

  /** Whether a claim of this object is in the way. Those of waits that have failed are not: their threads are seen off. */
  #isClaimed(wanted: choice.Wanted): boolean {
    if (!this.#claims.conflict(wanted)) return false;
    this.#reap();
    return this.#claims.conflict(wanted);
  }

  #reap(): void {
    for (const wait of [...this.#waiting]) wait.reap();
  }

  #claim(wanted: choice.Wanted): Claim {
    const claim = { ...wanted, isHeld: false };
    this.#claims.add(claim);
    return claim;
  }

  #tryLock(wanted: choice.Wanted): FileLockGuard | undefined {
    if (this.#isClaimed(wanted)) return undefined;
    const { fd, operation, start, length } = this.#request(wanted, choice.operationOf(this.kind, wanted.isShared));
    return this.#settle(this.#claim(wanted), fileLock(fd, operation, start, length), -errno.EAGAIN);
  }

  /**
   * F_OFD_SETLK, F_SETLK, flock with LOCK_NB: takes the lock if nobody is in the way; undefined else.
   *
   * @throws {IpcError} EBADF not open for this type of lock, or closed; ENOLCK the kernel has no room for locks; EINVAL
   */
  tryLock(range: choice.FileLockRange = {}): FileLockGuard | undefined {
    return this.#tryLock(this.#check(range, [], "tryLock"));
  }

  /**
   * F_OFD_SETLKW, F_SETLKW, flock: takes the lock, blocking this thread until nobody is in the way. Errors as `tryLock`.
   *
   * @throws {IpcError} EDEADLK this object holds or awaits what is in the way; for "posix" also: two processes wait for
   * each other; EAGAIN no thread can be started that waits
   */
  lockSync(options?: choice.FileLockRange & { timeoutMs?: undefined }): FileLockGuard;
  /** As without a timeout, but undefined after it. */
  lockSync(options: choice.FileLockWaitOptions | undefined): FileLockGuard | undefined;
  /** Only after a try in vain is there a native thread to pay for. */
  lockSync(options: choice.FileLockWaitOptions = {}): FileLockGuard | undefined {
    const wanted = this.#check(options, ["timeoutMs"], "lockSync");
    const deadline = deadlineAfter(options.timeoutMs);
    const guard = this.#tryLock(wanted);
    if (guard !== undefined) return guard;
    if (this.#claims.conflict(wanted))
      throw new IpcError(errno.EDEADLK, this.#attempt("lock", "this object holds it, or awaits it"));
    const request = this.#request(wanted, choice.operationOf(this.kind, wanted.isShared));
    return this.#settle(this.#claim(wanted), waitForFileLockSync(request, deadline), STILL_WAITING);
  }

  /**
   * As `lockSync`, as a promise. Also waits for other guards of this object. An abort rejects with `signal.reason` and
   * takes nothing; closing the object rejects with EBADF.
   */
  lock(
    options?: choice.FileLockRange & { signal?: AbortSignal | undefined; timeoutMs?: undefined },
  ): Promise<FileLockGuard>;
  /** As without a timeout, but undefined after it; nothing is taken then. */
  lock(options: choice.FileLockAwaitOptions | undefined): Promise<FileLockGuard | undefined>;
  /** Only after a try in vain is there a native thread to pay for. */
  async lock(options: choice.FileLockAwaitOptions = {}): Promise<FileLockGuard | undefined> {
    const wanted = this.#check(options, ["timeoutMs", "signal"], "lock");
    const { timeoutMs, signal } = options;
    checkNotAborted({ timeoutMs, signal }, "lock");
    const turn = this.#turns.due();
    if (turn !== undefined) return turn.then(() => this.lock(options));
    return this.#tryLock(wanted) ?? this.#await(wanted, { timeoutMs, signal });
  }

  #await(wanted: choice.Wanted, limits: choice.FileLockAwaitOptions): Promise<FileLockGuard | undefined> {
    const wait = new FileLockWait({
      isFree: () => !this.#claims.conflict(wanted),
      request: () => this.#request(wanted, choice.operationOf(this.kind, wanted.isShared)),
      claim: () => {
        this.#queue.delete(wait);
        return this.#claim(wanted);
      },
      settle: (claim, result) => this.#settle(claim, result, STILL_WAITING),
      onEnd: () => {
        this.#queue.delete(wait);
        this.#waiting.delete(wait);
      },
      isRef: this.#isRef,
    });
    this.#waiting.add(wait);
    this.#queue.add(wait);
    return wait.begin(limits);
  }

  /**
   * F_OFD_GETLK, F_GETLK: the first lock in the way of this one, undefined for none. Old news when it is read.
   *
   * @throws {TypeError} for flock, which cannot tell
   */
  blocker(range: choice.FileLockRange = {}): choice.FileLockBlocker | undefined {
    const wanted = this.#check(range, [], "blocker");
    if (this.kind === "flock") throw new TypeError("flock cannot tell who is in the way");
    const { fd, operation, start, length } = this.#request(wanted, choice.operationOf(this.kind, wanted.isShared));
    const found = fileLockTest(fd, operation, start, length);
    if (typeof found === "number") throw new IpcError(-found, this.#attempt("ask who locks"));
    if (found.type === UNLOCK) return undefined;
    const { type, pid } = found;
    const size = found.length === 0 ? Number.POSITIVE_INFINITY : found.length;
    return { shared: type === SHARED, offset: found.start, length: size, pid: pid > 0 ? pid : undefined };
  }

  /** Pending waits keep the process alive (the default). Counts from the next wait on. */
  ref(): this {
    this.#isRef = true;
    return this;
  }

  /** Pending waits do not keep the process alive. Counts from the next wait on. */
  unref(): this {
    this.#isRef = false;
    return this;
  }

  /** Drops all locks of this object; pending waits reject with EBADF. Twice is fine. */
  close(): void {
    if (this.#fd < 0) return;
    for (const wait of [...this.#waiting]) wait.fail(new IpcError(errno.EBADF, this.#attempt("lock", CLOSED_HERE)));
    this.#reap(); // before their descriptor's number is somebody else's
    for (const piece of this.#claims.clear()) this.#unlock(piece);
    if (this.#owned !== 0) disown(this.#owned);
    if (this.#ownsFd) close(this.#fd);
    this.#fd = -1;
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ path: this.path, kind: this.kind, closed: this.#fd < 0 }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
