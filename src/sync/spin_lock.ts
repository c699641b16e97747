// SpinLock: one byte that is 0 or 1, byte-compatible with std::atomic_flag; waiting burns the processor.

import { checkRegion } from "../memory/memory_region.ts";
import { poll } from "../sys/descriptor.ts";
import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { clockMonotonic, pause, schedYield } from "../sys/futex.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import { loadByteOrdered } from "../sys/ordering.ts";
import { checkInteger, refuseNew } from "../sys/validate.ts";
import { deadlineOf, isPast, type WaitOptions } from "../wait/deadline.ts";
import type { FutexMemory } from "../wait/futex.ts";
import { NamedWord } from "../wait/named_word.ts";
import { SPIN_LOCK_SIZE } from "./layout.ts";
import { PlainGuard, type PlainLock } from "./plain_guard.ts";

/** Pauses between two looks: doubled after each vain one, up to this. */
const PAUSES_MOST = 64;
/** A holder that runs is done by then; after it the processor is offered to others at each look, in ns. */
const PAUSE_FOR_NS = 20_000;
/** A holder that has a processor is done by then; after it the waiter sleeps between its looks, in ns. */
const YIELD_FOR_NS = 2_000_000;
const SLEEP_NS = 500_000;

/**
 * A lock of one byte: 0 free, 1 locked, as `std::atomic_flag` in C++ and `atomic_flag` in C. Take = exchange with 1
 * until that answers 0; give back = store 0. For sections of a few instructions, between threads that all run.
 *
 * A waiter looks without writing, pauses longer and longer, after 20 us yields the processor at each look, and after 2 ms
 * sleeps half a millisecond between its looks: a stopped or dead holder costs little, and a lock that is given back late
 * is taken up to half a millisecond later. There is no awaiting form, since nobody would wake it: use `FutexLock` or
 * `Mutex`. It does not heal: a holder that dies leaves it locked for ever. Not recursive, not fair.
 *
 * @example
 * ```ts
 * import { SharedMemory, SpinLock } from "@linux-ipc/core";
 * const memory = SharedMemory.anonymous({ size: 4096 });
 * const lock = SpinLock.over(memory, 0);
 * const guard = lock.lockSync();
 * console.log(lock.lockSync({ timeoutMs: 1 })); // undefined
 * guard.unlock();
 * memory.close();
 * ```
 */
export class SpinLock extends NamedWord {
  // `private`, not #private: see D34
  private readonly memory: FutexMemory;
  private readonly offset: number = 0;
  private bytes: Uint8Array;

  private constructor(memory: FutexMemory, byteOffset: number) {
    super();
    if (memory?.beforeClose === undefined) refuseNew(SpinLock); // a Uint8Array has a buffer, too
    this.memory = memory;
    this.offset = byteOffset;
    this.bytes = new Uint8Array(memory.buffer, byteOffset, SPIN_LOCK_SIZE);
  }

  /** Bytes that the lock takes. */
  static byteSize(): number {
    return SPIN_LOCK_SIZE;
  }

  /**
   * The lock at any byte of a memory; 0 is a free one.
   *
   * @throws {RangeError} outside the memory
   * @throws {TypeError} no memory that others can map, or a read-only one
   * @throws {IpcError} EBADF the memory is closed
   */
  static over(memory: FutexMemory, byteOffset: number): SpinLock {
    checkRegion(memory, "lay a spin lock over a memory");
    checkInteger(byteOffset, "byteOffset", 0, memory.buffer.byteLength - SPIN_LOCK_SIZE);
    if (memory.readOnly) throw new TypeError("a spin lock cannot lie in read-only memory: nobody else would see it");
    return new SpinLock(memory, byteOffset);
  }

  private byte(verb: string): Uint8Array {
    return this.bytes.length > 0 ? this.bytes : this.followMemory(verb);
  }

  private followMemory(verb: string): Uint8Array {
    if (this.memory.buffer.byteLength <= this.offset) {
      throw this.error(errno.EBADF, verb, "its memory was closed in this process");
    }
    this.bytes = new Uint8Array(this.memory.buffer, this.offset, SPIN_LOCK_SIZE);
    return this.bytes;
  }

  private error(number: number, verb: string, hint: string): IpcError {
    return new IpcError(number, { syscall: verb, doing: `${verb} a spin lock`, hint });
  }

  /** Whether somebody holds it at this moment. */
  get isLocked(): boolean {
    return Atomics.load(this.byte("read"), 0) !== 0;
  }

  /** Takes the lock if it is free; undefined when it is held. Never waits. EBADF after the memory was closed. */
  tryLock(): PlainGuard | undefined {
    const bytes = this.byte("lock");
    if (loadByteOrdered(bytes, 0) !== 0 || Atomics.exchange(bytes, 0, 1) !== 0) return undefined; // SYNC lock
    return new PlainGuard(this as unknown as PlainLock);
  }

  /** Takes the lock, spinning until it is free. One that is held here is waited for too. EBADF as `tryLock`. */
  lockSync(options?: WaitOptions & { timeoutMs?: undefined }): PlainGuard;
  /** As without a timeout, but undefined after it, or up to half a millisecond later. */
  lockSync(options: WaitOptions | undefined): PlainGuard | undefined;
  /** The back-off reads the clock only after a vain try: an uncontended lock does not pay for it. */
  lockSync(options?: WaitOptions): PlainGuard | undefined {
    const deadline = deadlineOf(options, "lockSync");
    let guard = this.tryLock();
    const begin = guard === undefined ? clockMonotonic() : 0;
    for (let pauses = 4; guard === undefined && !isPast(deadline); pauses = Math.min(2 * pauses, PAUSES_MOST)) {
      this.backOff(clockMonotonic() - begin, pauses);
      guard = this.tryLock();
    }
    return guard;
  }

  private backOff(waitedNs: number, pauses: number): void {
    if (waitedNs < PAUSE_FOR_NS) pause(pauses);
    else if (waitedNs < YIELD_FOR_NS) schedYield();
    else poll(-1, 0, clockMonotonic() + SLEEP_NS);
  }

  /** For its guard, once. */
  protected release(): void {
    const before = Atomics.exchange(this.byte("unlock"), 0, 0);
    if (before === 0) throw this.error(errno.EPERM, "unlock", "somebody else has unlocked it");
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({
      memory: this.memory.name,
      offset: this.offset,
      closed: this.memory.buffer.byteLength === 0,
    }));
  }

  [INSPECT](): string {
    return shown(this);
  }
}
