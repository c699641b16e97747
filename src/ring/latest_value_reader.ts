// LatestValueReader: takes the last complete value, without a lock and without ever waiting for the writer.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { pause } from "../sys/futex.ts";
import { type AwaitOptions, checkAwaitOptions, deadlineOf, type WaitOptions } from "../wait/deadline.ts";
import { fence, type ValueBuffers } from "./latest_value_buffers.ts";
import type { WriterEnd } from "./latest_value_end.ts";
import * as layout from "./latest_value_layout.ts";
import type { ValueType } from "./latest_value_options.ts";
import { findSalvage, type Salvage } from "./latest_value_salvage.ts";
import type { RingWaiter } from "./side.ts";

/** Each attempt that fails means that the writer has published several values meanwhile; this many take milliseconds. */
const ATTEMPTS_MOST = 100_000;
const PAUSES_MOST = 16;

/** What a latest value gives to a reader it makes. */
export interface ReaderParts<Value, Given> {
  readonly buffers: ValueBuffers;
  readonly type: ValueType<Value, Given> | undefined;
  readonly end: WriterEnd;
  readonly waiter: RingWaiter;
  /** Runs when the reader is closed. */
  onClose(): void;
}

/**
 * One reader of a latest value; made by `latest.reader()`. There may be any number, in any process.
 *
 * Reading takes the value that was published last, whole, and never waits for the writer: a slow or dead one leaves its
 * last value. `tryNext`, `nextSync` and `next` give only values newer than the last one this reader took; values in
 * between are skipped. Use it from one thread.
 */
export class LatestValueReader<Value = Uint8Array, Given = Value> {
  /** All of the mapping as bytes, for use at the offsets that `peekAt` gives. */
  readonly u8: Uint8Array;
  /** All of the mapping as 32-bit integers: index = offset / 4. */
  readonly i32: Int32Array;
  /** All of the mapping as doubles: index = offset / 8. */
  readonly f64: Float64Array;
  /** All of the mapping as a DataView. */
  readonly view: DataView;
  readonly #buffers: ValueBuffers;
  readonly #type: ValueType<Value, Given> | undefined;
  readonly #end: WriterEnd;
  readonly #waiter: RingWaiter;
  readonly #onClose: () => void;
  readonly #currentIndex: number;
  readonly #size: number;
  readonly #isAtomic: boolean;
  /** Private memory from which values of a type are read. */
  readonly #copy: Uint8Array;
  readonly #copyView: DataView;
  /** The whole bytes of each buffer, made once: a view for every read would cost more than the copy. */
  readonly #sources: readonly Uint8Array[];
  readonly #salvage: Salvage | undefined;
  #isOpen = true;
  /** What `current` said at the last peek; and at the last read that was whole. */
  #peeked = 0;
  #read = 0;
  /** Header of the buffer that was peeked, its sequence word and what else it says. */
  #header: number;
  #sequence = 0;
  #epoch = 0;
  #length = 0;
  #version = 0;

  /** Use `latest.reader()`. */
  constructor({ buffers, type, end, waiter, onClose }: ReaderParts<Value, Given>) {
    const { geometry } = buffers;
    this.u8 = buffers.u8;
    this.i32 = buffers.i32;
    this.f64 = buffers.f64;
    this.view = buffers.view;
    this.#buffers = buffers;
    this.#type = type;
    this.#end = end;
    this.#waiter = waiter;
    this.#onClose = onClose;
    this.#currentIndex = buffers.currentIndex;
    this.#size = geometry.size;
    this.#isAtomic = buffers.isAtomic;
    this.#copy = new Uint8Array(type === undefined ? 0 : geometry.size);
    this.#copyView = new DataView(this.#copy.buffer);
    this.#sources = Array.from({ length: geometry.buffers }, (_, index) => {
      const start = buffers.headerOf(index) + layout.BYTES;
      return buffers.u8.subarray(start, start + geometry.size);
    });
    this.#salvage = findSalvage(buffers);
    this.#header = buffers.first;
  }

  /** The header of the value to take, or -1 where none is left whole. */
  #headerOf(sequence: number): number {
    if (this.#salvage !== undefined && sequence === this.#salvage.distrusted) return this.#salvage.header;
    return this.#buffers.first + (sequence & this.#buffers.mask) * this.#buffers.stride;
  }

  /**
   * The current value in place: its byte offset in `u8`, `i32`, `f64` and `view` (a multiple of 16), or -1 while there is
   * none; `length` is its size. Allocates nothing. The writer may overwrite it meanwhile: only when `confirm()` has said
   * true afterwards was what you read one whole value, and until then it may make no sense.
   *
   * @throws {IpcError} EBADF after close; EBADMSG the shared bytes are corrupted
   */
  peekAt(): number {
    if (!this.#isOpen) throw this.#buffers.closedHere("read");
    for (;;) {
      const current = Atomics.load(this.i32, this.#currentIndex); // SYNC value
      const header = this.#headerOf(current);
      this.#peeked = current;
      if (header < 0) return -1;
      const at = header / 4;
      const isSalvaged = this.#salvage !== undefined && current === this.#salvage.distrusted;
      this.#header = header;
      this.#sequence = isSalvaged ? this.i32[at] : current;
      this.#epoch = this.i32[at + 1];
      this.#length = this.i32[at + 2];
      if (this.#sequence === 0 && this.#epoch === 0) return this.#none();
      if (this.#length >>> 0 <= this.#size) return header + layout.BYTES;
      this.#overtaken(1);
    }
  }

  #none(): -1 {
    if ((this.#buffers.memory.lostPages ?? 0) > 0) throw this.#buffers.corrupted("");
    return -1;
  }

  /**
   * Whether the value that was peeked is still untouched, so that all that was read of it since belongs together. If not,
   * peek again.
   */
  confirm(): boolean {
    if (!this.#isOpen) throw this.#buffers.closedHere("read");
    const at = this.#header / 4;
    if (this.#isAtomic) fence();
    if (Atomics.load(this.i32, at) !== this.#sequence || this.i32[at + 1] !== this.#epoch) return false; // SYNC overwrite
    this.#read = this.#peeked;
    this.#version = (this.#epoch >>> 0) * 2 ** 32 + (this.#sequence >>> 0);
    return true;
  }

  /** After an attempt that was not confirmed. A current value that stays current is never touched by a correct writer. */
  #overtaken(attempt: number): void {
    if (Atomics.load(this.i32, this.#currentIndex) === this.#peeked) {
      throw this.#buffers.corrupted("its current value is not the one it says");
    }
    if (attempt >= ATTEMPTS_MOST) throw this.#buffers.overtaken(attempt);
    pause(Math.min(attempt, PAUSES_MOST));
  }

  /** The bytes that were peeked, as a view. */
  #source(offset: number): Uint8Array {
    if (this.#length !== this.#size || this.#salvage !== undefined) {
      return this.u8.subarray(offset, offset + this.#length);
    }
    return this.#sources[this.#sequence & this.#buffers.mask];
  }

  /** As `peekAt`, as a view of the value; undefined while there is none. */
  peek(): Uint8Array | undefined {
    const offset = this.peekAt();
    return offset < 0 ? undefined : this.u8.subarray(offset, offset + this.#length);
  }

  /**
   * The value that was published last: a copy of the bytes, or what the type reads from them. Undefined while there is
   * none. Never waits; begins anew when the writer overtakes it.
   *
   * @throws {IpcError} EBADF after close; EBADMSG the shared bytes are corrupted; EAGAIN the writer overtook it 100,000
   * times
   */
  tryRead(): Value | undefined {
    for (let attempt = 1; ; attempt++) {
      const offset = this.peekAt();
      if (offset < 0) return undefined;
      const copy = this.#type === undefined ? new Uint8Array(this.#length) : this.#copy;
      copy.set(this.#source(offset));
      if (this.confirm()) {
        return this.#type === undefined ? (copy as unknown as Value) : this.#type.read(this.#copyView, 0);
      }
      this.#overtaken(attempt);
    }
  }

  /**
   * Copies the value that was published last to the start of `target`: its size, or -1 while there is none. Allocates
   * nothing. Never waits. What `target` holds after an error is undefined.
   *
   * @throws {RangeError} the value is longer than the target
   */
  tryReadInto(target: Uint8Array): number {
    for (let attempt = 1; ; attempt++) {
      const offset = this.peekAt();
      if (offset < 0) return -1;
      const length = this.#length;
      const fits = length <= target.length;
      if (fits) target.set(this.#source(offset));
      if (this.confirm()) {
        if (fits) return length;
        throw new RangeError(`the value has ${length} bytes, the target only ${target.length}`);
      }
      this.#overtaken(attempt);
    }
  }

  /** The value that was published last, if this reader has not taken it yet; undefined otherwise. Never waits. */
  tryNext(): Value | undefined {
    if (this.#isOpen && Atomics.load(this.i32, this.#currentIndex) === this.#read) return undefined; // SYNC value
    return this.tryRead();
  }

  #attempt(): Value | undefined {
    const value = this.tryNext();
    if (value !== undefined) return value;
    const error = this.#end.error();
    if (error === undefined) return undefined;
    const last = this.tryNext(); // published just before the end
    if (last === undefined) throw error;
    return last;
  }

  /** Announcing a sleeper takes a store that the writer sees. */
  #checkWritable(): void {
    const { memory, name } = this.#buffers;
    if (!memory.readOnly) return;
    const hint = "it is open read-only, and the writer cannot see that somebody waits";
    throw new IpcError(errno.EACCES, { syscall: "read", doing: `await the next value of ${name}`, path: name, hint });
  }

  /**
   * The next value that is newer than the last one taken here, blocking this thread until there is one; undefined after
   * the timeout.
   *
   * @throws {PeerDiedError} the writer died and its last value was taken; told once for each death, the next call waits
   * for its successor
   * @throws {PeerClosedError} the writer has closed and its last value was taken
   * @throws {IpcError} EACCES the memory is open read-only
   */
  nextSync(options?: WaitOptions): Value | undefined {
    const deadline = deadlineOf(options, "nextSync");
    this.#checkWritable();
    return this.tryNext() ?? this.#waiter.waitSync(() => this.#attempt(), deadline);
  }

  /**
   * The next value that is newer than the last one taken here, as a promise; undefined after the timeout. Calls are
   * served in order. Errors as `nextSync`; an abort rejects with `signal.reason`.
   */
  next(options?: AwaitOptions): Promise<Value | undefined> {
    try {
      checkAwaitOptions(options, "next");
      options?.signal?.throwIfAborted();
      this.#checkWritable();
      const value = this.#waiter.isAwaited ? undefined : this.tryNext();
      return value === undefined ? this.#waiter.wait(() => this.#attempt(), options) : Promise.resolve(value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Each value that is current when asked, none twice, until the writer closes. A killed one ends it with PeerDiedError. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Value, void, void> {
    for (;;) {
      let value: Value | undefined;
      try {
        value = await this.next();
      } catch (error) {
        if (this.#isOpen && this.ended) return;
        throw error;
      }
      if (value !== undefined) yield value;
      await new Promise((resolve) => setImmediate(resolve)); // a busy writer must not keep timers and input waiting
    }
  }

  /** Version of the value that was taken last: 1 for the first one ever written, then upwards. 0 = none was taken. */
  get version(): number {
    return this.#version;
  }

  /** Size in bytes of the value last peeked or read. */
  get length(): number {
    return this.#length;
  }

  /** Whether the writer has closed and its last value was taken here. */
  get ended(): boolean {
    return this.#isOpen && this.#end.isClosed && Atomics.load(this.i32, this.#currentIndex) === this.#read;
  }

  /** Pending waits keep the process alive (the default). Counts from the next wait on. */
  ref(): this {
    this.#waiter.isRef = true;
    return this;
  }

  /** Pending waits do not keep the process alive. Counts from the next wait on. */
  unref(): this {
    this.#waiter.isRef = false;
    return this;
  }

  /** Ends its waits. Closing twice is fine. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#waiter.close(this.#buffers.closedHere("read"));
    this.#onClose();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
