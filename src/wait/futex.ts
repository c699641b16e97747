// Futex: sleep and wake on a 32-bit word of any shared memory, as futex(2) does.

import { checkRegion } from "../memory/memory_region.ts";
import { errno } from "../sys/errno.ts";
import { check, IpcError } from "../sys/error.ts";
import { EVERYBODY, futexPassOn, futexWake } from "../sys/futex.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import { checkInteger, refuseNew } from "../sys/validate.ts";
import { type AwaitOptions, checkAwaitOptions, deadlineOf, type WaitOptions } from "./deadline.ts";
import { type FutexAnyResult, type FutexPlace, type FutexResult, waitForAny, waitForAnySync } from "./futex_any.ts";
import { NamedWord } from "./named_word.ts";

/** Memory that a futex can lie in: `SharedMemory`, `MappedFile`. */
export interface FutexMemory {
  /** The mapping's one ArrayBuffer. */
  readonly buffer: ArrayBuffer;
  /** Where the mapping stands in this process. */
  readonly address: number;
  /** For messages. */
  readonly name?: string | undefined;
  /** Writes stay private to this process. */
  readonly readOnly?: boolean;
  /** Runs `action` before the memory is unmapped. */
  beforeClose(dependent: object, action: () => void): void;
  /** The dependent has gone. */
  afterClose(dependent: object): void;
}

/** For the memories that awaited futexes lie in: a wait that left may still have to pass on a wake-up there. */
const THOSE_WHO_LEFT = {};

/** Words that one wait can have: FUTEX_WAITV_MAX of the kernel. */
const WORDS_MAX = 128;

/** What a word takes: a whole number of 32 bits, signed or not. */
function word32(value: number, what: string): number {
  if (typeof value === "number" && (value | 0) === value) return value;
  return checkInteger(value, what, -(2 ** 31), 2 ** 32 - 1) | 0;
}

/**
 * A 32-bit word that processes share, and the kernel's queue of those who sleep on it: the ground on which locks are
 * built. C programs meet it with `futex(2)` without `FUTEX_PRIVATE_FLAG`; zeros are a fresh one; nothing else is stored.
 *
 * The compare is the kernel's: a wait sleeps only while the word holds `expected`, so that no wake-up between your look
 * and your sleep is lost. Another value is the answer "not-equal", never an exception. "ok" says that somebody woke this
 * word, whether or not its value has changed; as with futex(2) it may come without cause: look at the value. Values are
 * signed, as in an Int32Array; unsigned ones may be given. Nobody owns a futex: a killed process leaves it as it was.
 *
 * An awaiting caller is one sleeper of the kernel's queue like any thread: `wake(1)` of any process wakes one of all, and
 * the count says how many. Nobody is queued while nobody waits. What remains different from a thread of C: an awaiting
 * caller is in the queue some 50 us after the call (a change of the value before that is seen; a wake-up that changes
 * nothing is not); beyond 64 awaiting callers in one process, some may be woken without cause, and leave the queue for
 * some microseconds when another one of them comes or goes; a blocking caller leaves it so every 100 ms. Without
 * futex_waitv(2) (Linux before 5.16, some sandboxes) changes of the value are seen within 2 ms, and a wake-up that
 * changes nothing may be missed.
 *
 * @see https://man7.org/linux/man-pages/man2/futex.2.html
 * @example
 * ```ts
 * import { Futex, SharedMemory } from "@linux-ipc/core";
 * const memory = SharedMemory.anonymous({ size: 4096 });
 * const futex = Futex.over(memory, 128);
 * setTimeout(() => { // usually in another process
 *   futex.store(1);
 *   futex.wake();
 * }, 50);
 * console.log(await futex.wait(0)); // ok
 * console.log(futex.waitSync(0)); // not-equal
 * memory.close();
 * ```
 */
export class Futex extends NamedWord {
  // `private`, not #private: see D34
  private readonly memory: FutexMemory;
  private readonly offset: number = 0;
  private readonly waiting = new Map<object, (reason: Error) => void>();
  private words: Int32Array;
  private isRef = true;

  private constructor(memory: FutexMemory, byteOffset: number) {
    super();
    if (memory?.beforeClose === undefined) refuseNew(Futex); // an Int32Array has a buffer, too
    this.memory = memory;
    this.offset = byteOffset;
    this.words = new Int32Array(memory.buffer, byteOffset, 1);
  }

  /** Bytes that the word takes. */
  static byteSize(): number {
    return 4;
  }

  /**
   * The word at `byteOffset` (a multiple of 4) of a memory.
   *
   * @throws {RangeError} outside the memory, or not a multiple of 4
   * @throws {TypeError} no memory that others can map, or a read-only one: what is stored there stays private, and nobody
   * would be woken
   * @throws {IpcError} EBADF the memory is closed
   */
  static over(memory: FutexMemory, byteOffset: number): Futex {
    checkRegion(memory, "lay a futex over a memory");
    checkInteger(byteOffset, "byteOffset", 0, memory.buffer.byteLength - 4);
    if (byteOffset % 4 !== 0) throw new RangeError(`byteOffset must be a multiple of 4, not ${byteOffset}`);
    if (memory.readOnly) throw new TypeError("a futex cannot lie in read-only memory: nobody else would see it");
    return new Futex(memory, byteOffset);
  }

  /** Follows a memory that was resized; throws when it was closed. */
  private word(verb: string): Int32Array {
    return this.words.length === 1 ? this.words : this.followMemory(verb);
  }

  private followMemory(verb: string): Int32Array {
    const { buffer, name = "anonymous memory" } = this.memory;
    if (buffer.byteLength >= this.offset + 4) this.words = new Int32Array(buffer, this.offset, 1);
    else {
      const doing = `${verb} the futex ${name}+${this.offset}`;
      throw new IpcError(errno.EBADF, {
        syscall: "futex",
        doing,
        hint: "its memory was closed or resized in this process",
      });
    }
    return this.words;
  }

  /**
   * The value. Atomic, as all that follow; each throws EBADF after the memory was closed, a TypeError for a value that is
   * no number, and a RangeError for one that 32 bits do not hold.
   */
  load(): number {
    return Atomics.load(this.word("read"), 0);
  }

  /** Stores a value. Wakes nobody. */
  store(value: number): void {
    Atomics.store(this.word("write"), 0, word32(value, "value"));
  }

  /** Stores a value: the one before. */
  exchange(value: number): number {
    return Atomics.exchange(this.word("write"), 0, word32(value, "value"));
  }

  /** Stores `value` if the word holds `expected`: what it held. */
  compareExchange(expected: number, value: number): number {
    const word = this.word("write");
    return Atomics.compareExchange(word, 0, word32(expected, "expected"), word32(value, "value"));
  }

  /** Adds to the value, modulo 2 ** 32: the one before. */
  add(amount: number): number {
    return Atomics.add(this.word("write"), 0, word32(amount, "amount"));
  }

  /**
   * FUTEX_WAKE: wakes up to `count` sleepers of all processes; how many it woke.
   *
   * @throws {RangeError} a count that is not a whole number of 0 or more; Infinity is everybody
   */
  wake(count = 1): number {
    this.word("wake");
    const most = count === Number.POSITIVE_INFINITY ? EVERYBODY : checkInteger(count, "count", 0, EVERYBODY);
    if (most === 0) return 0; // the kernel would wake one
    const address = this.memory.address + this.offset;
    return check(futexWake(address, most), () => ({ syscall: "futex", doing: "wake a futex" }));
  }

  /** FUTEX_WAIT: blocks this thread until somebody wakes the word, unless it does not hold `expected`. */
  waitSync(expected: number, options?: WaitOptions): FutexResult {
    return waitForAnySync([this.place(expected)], deadlineOf(options, "waitSync")).result;
  }

  /**
   * As `waitSync`, as a promise. Pending waits end with EBADF when the memory is closed, and with `signal.reason` when
   * aborted; a wake-up that reaches one at the same instant is passed on to the next sleeper.
   */
  async wait(expected: number, options?: AwaitOptions): Promise<FutexResult> {
    checkAwaitOptions(options, "wait");
    return (await waitForAny([this.place(expected)], options)).result;
  }

  /**
   * futex_waitv(2): blocks this thread until one of up to 128 words is woken, unless one does not hold what is expected
   * of it. `index` tells which.
   */
  static waitAnySync(waits: readonly (readonly [Futex, number])[], options?: WaitOptions): FutexAnyResult {
    return waitForAnySync(Futex.places(waits), deadlineOf(options, "waitAnySync"));
  }

  /** As `waitAnySync`, as a promise; aborts and closing as for `wait`. */
  static async waitAny(waits: readonly (readonly [Futex, number])[], options?: AwaitOptions): Promise<FutexAnyResult> {
    checkAwaitOptions(options, "waitAny");
    return waitForAny(Futex.places(waits), options);
  }

  private static places(waits: readonly (readonly [Futex, number])[]): FutexPlace[] {
    if (!Array.isArray(waits)) throw new TypeError("a wait on several futexes takes a list of [futex, expected]");
    checkInteger(waits.length, "the number of futexes", 1, WORDS_MAX);
    return waits.map((wait) => {
      const [futex, expected] = Array.isArray(wait) ? wait : [];
      if (!(futex instanceof Futex)) throw new TypeError("a wait on several futexes takes a list of [futex, expected]");
      return futex.place(expected);
    });
  }

  private place(expected: number): FutexPlace {
    this.word("wait for");
    return {
      expected: word32(expected, "expected"),
      isRef: this.isRef,
      address: () => {
        this.word("wait for");
        return this.memory.address + this.offset;
      },
      value: () => Atomics.load(this.word("wait for"), 0),
      whenClosed: (leaver, leave) => this.whenClosed(leaver, leave),
    };
  }

  /**
   * Whether its memory has been closed.
   *
   * @internal
   */
  get isClosed(): boolean {
    return this.words.length === 0 && this.memory.buffer.byteLength < this.offset + 4;
  }

  private whenClosed(leaver: object, leave: ((reason: Error) => void) | undefined): void {
    if (leave === undefined) this.waiting.delete(leaver);
    else this.waiting.set(leaver, leave);
    if (this.waiting.size === 0) this.memory.afterClose(this);
    else if (leave !== undefined && this.waiting.size === 1) {
      this.memory.beforeClose(this, () => this.onClose());
      this.memory.beforeClose(THOSE_WHO_LEFT, futexPassOn);
    }
  }

  private onClose(): void {
    const { name = "anonymous memory" } = this.memory;
    const doing = `wait for the futex ${name}+${this.offset}`;
    const hint = "its memory was closed or resized in this process";
    for (const leave of [...this.waiting.values()]) leave(new IpcError(errno.EBADF, { syscall: "futex", doing, hint }));
    futexPassOn();
  }

  /** Pending waits keep the process alive (the default). Counts from the next wait on. */
  ref(): this {
    this.isRef = true;
    return this;
  }

  /** Pending waits do not keep the process alive. Counts from the next wait on. */
  unref(): this {
    this.isRef = false;
    return this;
  }

  /** For JSON and consoles, also of a lock that is made of it. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ memory: this.memory.name, offset: this.offset, closed: this.isClosed }));
  }

  [INSPECT](): string {
    return shown(this);
  }
}
