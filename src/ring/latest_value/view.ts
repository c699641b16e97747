// ValueView: reading the last complete value without a lock; what a reader does when it does not wait.

import { pause } from "../../sys/futex.ts";
import { fence as fenceLoads, loadOrdered } from "../../sys/ordering.ts";
import { rest } from "../../wait/spin.ts";
import { checkForeignArray, MappedCopy, refuseTarget } from "../mapped_copy.ts";
import type { ValueBuffers } from "./buffers.ts";
import * as layout from "./layout.ts";
import type { ValueType } from "./options.ts";
import { findSalvage, type Salvage } from "./salvage.ts";
import { WholeViews } from "./whole_views.ts";

// Imported bindings are variables to V8, 2 ns a use; constants of this module are folded (D34).
const load = loadOrdered;
const fence = fenceLoads;
const VALUE = layout.BYTES;
const EPOCH_WORD = layout.EPOCH / 4;
const LENGTH_WORD = layout.LENGTH / 4;

/** Each attempt that fails means that the writer has published several values meanwhile; this many take milliseconds. */
const ATTEMPTS_MOST = 100_000;
const PAUSES_MOST = 16;

/** The reading half of LatestValueReader. */
export abstract class ValueView<Value, Given> {
  /** All of the mapping as bytes, for use at the offsets that `peekAt` gives. */
  readonly u8: Uint8Array;
  /** All of the mapping as 32-bit integers: index = offset / 4. */
  readonly i32: Int32Array;
  /** All of the mapping as doubles: index = offset / 8. */
  readonly f64: Float64Array;
  /** All of the mapping as a DataView. */
  readonly view: DataView;
  protected isOpen = true;
  private readonly buffers: ValueBuffers;
  private readonly type: ValueType<Value, Given> | undefined;
  private readonly currentIndex: number = 0;
  private readonly firstWord: number = 0;
  private readonly strideWords: number = 0;
  private readonly mask: number = 0;
  /** Bytes of the largest value. */
  private readonly size: number = 0;
  /** As many; -1 where each value needs a second look: once closed, and where one must not be believed. */
  private usualMost = 0;
  private readonly copy: MappedCopy;
  private readonly whole: WholeViews;
  /** Private memory from which values of a type are read. */
  private readonly own: Uint8Array;
  private readonly ownView: DataView;
  private readonly salvage: Salvage | undefined;
  /** What was peeked, as its header said. */
  private sequence = 0;
  private epoch = 0;
  private valueLength = 0;
  /** Index in `i32` of the header that stands in for that of a half-written value; -1 = none does. */
  private standIn = -1;
  /** Of the value that was taken last. */
  private takenSequence = 0;
  private takenEpoch = 0;

  /** Use `latest.reader()`. */
  constructor(buffers: ValueBuffers, type: ValueType<Value, Given> | undefined) {
    const { geometry } = buffers;
    this.u8 = buffers.u8;
    this.i32 = buffers.i32;
    this.f64 = buffers.f64;
    this.view = buffers.view;
    this.buffers = buffers;
    this.type = type;
    this.currentIndex = buffers.currentIndex;
    this.firstWord = buffers.first / 4;
    this.strideWords = buffers.stride / 4;
    this.mask = buffers.mask;
    this.size = geometry.size;
    this.copy = new MappedCopy(buffers.u8);
    this.whole = new WholeViews(buffers);
    this.own = new Uint8Array(type === undefined ? 0 : geometry.size);
    this.ownView = new DataView(this.own.buffer);
    this.salvage = findSalvage(buffers);
    this.usualMost = this.salvage === undefined ? geometry.size : -1;
  }

  /**
   * The current value in place: its byte offset in `u8`, `i32`, `f64` and `view` (a multiple of 16), or -1 while there is
   * none; `length` is its size. Allocates nothing. The writer may overwrite it meanwhile: only when `confirm()` says true
   * afterwards was what you read one whole value, and until then it may make no sense.
   *
   * @throws {IpcError} EBADF after close; EBADMSG the shared bytes are corrupted
   */
  peekAt(): number {
    const at = this.look();
    const length = this.valueLength;
    if (length >= 0 && length <= this.usualMost && (this.sequence | this.epoch) !== 0) return at * 4 + VALUE;
    return this.peekOtherwise(at);
  }

  /** Notes what the current value's header says; its index in `i32`. */
  private look(): number {
    const { i32 } = this;
    const current = load(i32, this.currentIndex); // SYNC value
    const at = this.headerAt(current);
    this.sequence = current;
    this.epoch = i32[at + EPOCH_WORD];
    this.valueLength = i32[at + LENGTH_WORD];
    return at;
  }

  /** What was found is no value, makes no sense, or may have to be salvaged. */
  private peekOtherwise(found: number): number {
    let at = found;
    for (let attempt = 1; ; attempt++) {
      this.checkOpen();
      const { salvage, sequence, valueLength } = this;
      this.standIn = -1;
      if (salvage !== undefined && sequence === salvage.distrusted) return this.peekSalvaged(salvage);
      if ((sequence | this.epoch) === 0) return this.none();
      if (valueLength >= 0 && valueLength <= this.size) return at * 4 + VALUE;
      this.overtaken(attempt);
      at = this.look();
    }
  }

  /** Index in `i32` of the header of the value with this sequence. */
  private headerAt(sequence: number): number {
    return this.firstWord + Math.imul(sequence & this.mask, this.strideWords);
  }

  private checkOpen(): void {
    if (this.isOpen) return;
    this.forget();
    throw this.buffers.closedHere("read");
  }

  /** What was peeked is nowhere: `confirm` looks why. */
  private forget(): void {
    this.sequence = 0;
    this.epoch = -1;
    this.standIn = -1;
  }

  /** A half-written value is current: the newest whole one stands in for it, until a writer comes. */
  private peekSalvaged({ header, sequence, epoch }: Salvage): number {
    if (header < 0) return this.none();
    this.standIn = header / 4;
    this.sequence = sequence; // and not what stands there now: a writer may have come, and be half-way
    this.epoch = epoch;
    this.valueLength = Math.min(this.buffers.lengthAt(header), this.size);
    return header + VALUE;
  }

  /** Whether there is no value to take. Not a peek: what somebody is reading in place stays what `confirm` judges. */
  protected get isEmpty(): boolean {
    const current = load(this.i32, this.currentIndex);
    const { salvage, firstWord, i32 } = this;
    if (salvage !== undefined && current === salvage.distrusted) return salvage.header < 0;
    return current === 0 && i32[firstWord + EPOCH_WORD] === 0;
  }

  private none(): -1 {
    if ((this.buffers.memory.lostPages ?? 0) > 0) throw this.buffers.corrupted("");
    return -1;
  }

  /**
   * Whether the value that was peeked is still untouched, so that all that was read of it since belongs together. If not,
   * peek again.
   */
  confirm(): boolean {
    const { sequence, epoch, standIn } = this;
    const at = standIn < 0 ? this.headerAt(sequence) : standIn;
    fence(); // SYNC overwrite: the plain loads of the bytes come before the next load
    if (load(this.i32, at) !== sequence || this.i32[at + EPOCH_WORD] !== epoch) {
      this.checkOpen();
      return false;
    }
    this.takenSequence = sequence;
    this.takenEpoch = epoch;
    return true;
  }

  /** After an attempt that was not confirmed. A correct writer never touches a value that is and stays current. */
  private overtaken(attempt: number): void {
    const current = load(this.i32, this.currentIndex);
    if (current === this.sequence || current === this.salvage?.distrusted) {
      throw this.buffers.corrupted("its current value is not the one it says");
    }
    if (attempt >= ATTEMPTS_MOST) throw this.buffers.overtaken(attempt);
    pause(Math.min(attempt, PAUSES_MOST));
  }

  /** As `peekAt`, as a view of the value; undefined while there is none. */
  peek(): Uint8Array | undefined {
    const offset = this.peekAt();
    return offset < 0 ? undefined : this.u8.subarray(offset, offset + this.valueLength);
  }

  /**
   * The value that was published last: a copy of the bytes, or what the type reads from one. Undefined while there is
   * none. Never waits; begins anew when the writer overtakes it.
   *
   * @throws {IpcError} EBADF after close; EBADMSG the shared bytes are corrupted, or the value is shorter than the type;
   * EAGAIN the writer has overtaken it 100,000 times in a row
   */
  tryRead(): Value | undefined {
    for (let attempt = 1; ; attempt++) {
      const offset = this.peekAt();
      if (offset < 0) return undefined;
      const { type } = this;
      if (type !== undefined) {
        this.copyOut(offset, this.own);
        if (this.confirm()) return this.ofType(type);
      } else {
        const bytes = this.u8.slice(offset, offset + this.valueLength);
        if (this.confirm()) return bytes as unknown as Value;
      }
      this.overtaken(attempt);
    }
  }

  /** Copies what was peeked at this offset. What stands in for a half-written value may stand in no buffer. */
  private copyOut(offset: number, target: Uint8Array): void {
    const length = this.valueLength;
    if (this.whole.serve(length) && this.salvage === undefined) target.set(this.whole.of(this.sequence));
    else this.copy.out(offset, length, target);
  }

  /** What the type reads from the copy; a writer without a type may have published less than it needs. */
  private ofType(type: ValueType<Value, Given>): Value {
    if (this.valueLength === this.size) return type.read(this.ownView, 0);
    throw this.buffers.corrupted(`its value has ${this.valueLength} bytes, and the type ${this.size}`);
  }

  /**
   * Copies the value that was published last to the start of `target`: its size, or -1 while there is none. Allocates
   * nothing. Never waits; errors as `tryRead`.
   *
   * @throws {TypeError} the target is no Uint8Array
   * @throws {RangeError} the value is longer than the target
   */
  tryReadInto(target: Uint8Array): number {
    if (!(target instanceof Uint8Array)) checkForeignArray(target);
    for (let attempt = 1; ; attempt++) {
      const offset = this.peekAt();
      if (offset < 0) return -1;
      const length = this.valueLength;
      if (length <= target.length) {
        this.copyOut(offset, target);
        if (this.confirm()) return length;
      } else this.refuse(target, length);
      this.overtaken(attempt);
    }
  }

  /** A value that is too long, which is not taken by that; or the writer was faster. */
  private refuse(target: Uint8Array, length: number): void {
    const { takenSequence, takenEpoch } = this;
    if (!this.confirm()) return;
    this.takenSequence = takenSequence;
    this.takenEpoch = takenEpoch;
    refuseTarget(target, length, "the value");
  }

  /** Whether `current` is what was taken last: there is nothing newer. */
  protected get isTaken(): boolean {
    if ((this.takenSequence | this.takenEpoch) === 0 || !this.isOpen) return false;
    const current = load(this.i32, this.currentIndex); // SYNC value
    const { salvage } = this;
    if (salvage === undefined || current !== salvage.distrusted) return current === this.takenSequence;
    return this.takenSequence === salvage.sequence && this.takenEpoch === salvage.epoch;
  }

  /** The value that was published last, if this reader has not taken it yet; undefined otherwise. Never waits. */
  tryNext(): Value | undefined {
    if (!this.isTaken) return this.tryRead();
    rest(); // who polls must not steal the writer's cache line all the time
    return undefined;
  }

  /** Version of the value that was taken last: 1 for the first one ever written, then upwards. 0 = none was taken. */
  get version(): number {
    return (this.takenEpoch >>> 0) * 2 ** 32 + (this.takenSequence >>> 0);
  }

  /** Size in bytes of the value last peeked or read. */
  get length(): number {
    return this.valueLength;
  }

  /** Whether power loss has left the last value half written, and an older one (or none) stands in for it. */
  get isSalvaged(): boolean {
    return this.salvage !== undefined && load(this.i32, this.currentIndex) === this.salvage.distrusted;
  }

  protected shut(): void {
    this.isOpen = false;
    this.usualMost = -1;
    this.forget();
  }
}
