// LatestValueWriter: the one who publishes values. Never waits; the hot path is plain TypeScript on mapped memory.

import type { OwnBytes } from "../../sys/copy.ts";
import { errno } from "../../sys/errno.ts";
import { IpcError } from "../../sys/error.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../../sys/inspect.ts";
import { fence } from "../../sys/ordering.ts";
import { asBytes, refuseNew } from "../../sys/validate.ts";
import { hasSleepers } from "../../wait/eventcount.ts";
import { MappedCopy } from "../mapped_copy.ts";
import type { Role } from "../role.ts";
import type { ValueBuffers } from "./buffers.ts";
import { BYTES, FIRST_BUFFER, MAGIC, READERS_WAIT } from "./layout.ts";
import type { ValueType } from "./options.ts";
import { findNewest, findSalvage } from "./salvage.ts";

/** What a latest value gives to the writer it makes. */
export interface WriterParts<Value, Given> {
  readonly buffers: ValueBuffers;
  readonly type: ValueType<Value, Given> | undefined;
  readonly role: Role;
  /** Runs when the writer is closed. */
  onClose(): void;
}

/**
 * The one writer of a latest value; made by `latest.writer()`.
 *
 * A value is published once `write` or `commit` has returned, and then survives this process. One that is killed midway has
 * published nothing: readers keep the value before. Use it from one thread. Nothing here waits, but `sync`.
 */
export class LatestValueWriter<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer> {
  /** All of the mapping as bytes, for use at the offsets that `claimAt` gives. */
  readonly u8: Uint8Array;
  /** All of the mapping as 32-bit integers: index = offset / 4. */
  readonly i32: Int32Array;
  /** All of the mapping as doubles: index = offset / 8. */
  readonly f64: Float64Array;
  /** All of the mapping as a DataView. */
  readonly view: DataView;
  private readonly copy: MappedCopy;
  private readonly buffers: ValueBuffers;
  private readonly type: ValueType<Value, Given> | undefined;
  private readonly role: Role;
  private readonly onClose: () => void;
  private readonly currentIndex: number = 0;
  private readonly waitIndex: number = 0;
  private readonly magicIndex: number = 0;
  private readonly first: number = 0;
  private readonly stride: number = 0;
  private readonly mask: number = 0;
  private readonly size: number = 0;
  private readonly isAtomic: boolean;
  private readonly hasChecksum: boolean;
  private isOpen = true;
  /** While a type writes, which may run code of the user's. */
  private isWriting = false;
  /** Sequence and epoch that were used last: those of the current value, or beyond. */
  private sequence = 0;
  private epoch = 0;
  /** Header of the buffer that is claimed, or -1. */
  private claimed = -1;
  private hasSyncedHeader = false;
  /** What `current` says while power loss has left no value at all; no sequence otherwise. */
  private gone = Number.NaN;

  /** Use `latest.writer()`. */
  constructor(parts: WriterParts<Value, Given>) {
    if (parts?.buffers === undefined) refuseNew(LatestValueWriter, "writer() of a LatestValue");
    const { buffers, type, role, onClose } = parts;
    const { geometry } = buffers;
    this.u8 = buffers.u8;
    this.copy = new MappedCopy(buffers.u8);
    this.i32 = buffers.i32;
    this.f64 = buffers.f64;
    this.view = buffers.view;
    this.buffers = buffers;
    this.type = type;
    this.role = role;
    this.onClose = onClose;
    this.currentIndex = buffers.currentIndex;
    this.waitIndex = (buffers.base + READERS_WAIT) / 4;
    this.magicIndex = (buffers.base + MAGIC) / 4;
    this.first = buffers.first;
    this.stride = buffers.stride;
    this.mask = buffers.mask;
    this.size = geometry.size;
    this.isAtomic = buffers.isAtomic;
    this.hasChecksum = geometry.checksum;
    this.sequence = buffers.current;
    this.epoch = this.i32[buffers.headerOf(this.sequence) / 4 + 1];
    this.takeOver();
  }

  private takeOver(): void {
    const buffers = this.buffers;
    const salvage = findSalvage(buffers);
    const kept = salvage === undefined ? buffers.headerOf(this.sequence) : salvage.header;
    if (salvage === undefined && buffers.sequenceAt(kept) !== this.sequence) {
      throw buffers.corrupted("its current value is not the one it says");
    }
    if (!this.hasChecksum) return;
    this.goBeyond(findNewest(buffers), kept);
    if (salvage === undefined) return;
    if (kept < 0) this.gone = salvage.distrusted;
    else {
      const [start, length] = [kept + BYTES, buffers.lengthAt(kept)];
      if (length > this.size) throw buffers.corrupted("a value is longer than values are"); // it was not, a moment ago
      this.publish(this.u8.slice(start, start + length));
    }
  }

  /**
   * Power loss may have left values that are whole and newer than the current one. They are given up, but their versions
   * must never be used again: at the next power loss the newest version is what counts.
   */
  private goBeyond(newest: number, kept: number): void {
    const buffers = this.buffers;
    const known = newest < 0 ? 0 : buffers.versionAt(newest);
    const ahead = newest < 0 ? this.sequence >>> 0 : (this.sequence - known) | 0; // the sequence may have begun anew
    const last = known + Math.max(0, ahead);
    const version = buffers.headerOf(last + 1) === kept ? last + 1 : last; // it stays until another one is published
    this.epoch = Math.floor(version / 2 ** 32);
    this.sequence = version | 0;
  }

  /**
   * Room for the next value: the byte offset of `size` writable bytes in `u8`, `i32`, `f64` and `view` (a multiple of
   * 16). Fill them, then `commit()`. They hold an older value, and not the last one. Allocates nothing.
   *
   * @throws {IpcError} EBADF after close; EBUSY from within `write`, by a getter of the value
   */
  claimAt(): number {
    if (!this.isOpen) throw this.buffers.closedHere("write");
    if (this.isWriting) throw this.busyHere();
    const next = (this.sequence + 1) | 0;
    const header = this.first + (next & this.mask) * this.stride;
    const at = header / 4;
    const { i32 } = this;
    // SYNC overwrite: before the first byte changes, readers of what stands here must find another sequence
    if (this.isAtomic) Atomics.store(i32, at, next);
    else i32[at] = next;
    fence();
    i32[at + 1] = next === 0 ? this.epoch + 1 : this.epoch;
    this.claimed = header;
    return header + BYTES;
  }

  /** As `claimAt`, as a view of the room. Do not keep it after `commit`. */
  claim(): Uint8Array {
    const offset = this.claimAt();
    return this.u8.subarray(offset, offset + this.size);
  }

  /**
   * Publishes the claimed value, or only its first `length` bytes.
   *
   * @throws {RangeError} nothing is claimed, or less than `length`
   * @throws {IpcError} EBADF after close; EBADMSG somebody has truncated the file: readers would see nothing of it
   */
  commit(length: number = this.size): void {
    const header = this.claimed;
    const isSize = length >= 0 && length <= this.size && (length | 0) === length;
    if (header < 0 || !isSize || this.i32[this.magicIndex] === 0) this.refuseCommit(length, isSize);
    const at = header / 4;
    this.i32[at + 2] = length;
    if (this.hasChecksum) this.i32[at + 3] = this.buffers.checksumOf(header, length);
    this.claimed = -1;
    this.sequence = (this.sequence + 1) | 0;
    if (this.sequence === 0) this.epoch++;
    // SYNC value: after the bytes and the header
    if (this.isAtomic) Atomics.store(this.i32, this.currentIndex, this.sequence);
    else this.i32[this.currentIndex] = this.sequence;
    if (hasSleepers(this.i32, this.waitIndex, this.isAtomic)) this.buffers.wakeReaders();
  }

  /** The magic reads as 0 where somebody has truncated the file: one load tells that readers would see nothing. */
  private refuseCommit(length: number, isSize: boolean): never {
    if (typeof length !== "number") throw new TypeError(`the length of a value must be a number, not ${typeof length}`);
    if (!this.isOpen) throw this.buffers.closedHere("commit");
    if (this.claimed < 0) throw new RangeError(`nothing is claimed on ${this.buffers.name}: call claim first`);
    if (!isSize) this.refuseLength(length);
    throw this.buffers.corrupted("its header is empty");
  }

  private publish(bytes: Uint8Array): void {
    const length = this.copy.lengthOf(bytes);
    if (!(length <= this.size)) this.refuseLength(length);
    this.copy.in(bytes, this.claimAt(), length);
    this.commit(length);
  }

  private refuseLength(length: number): never {
    throw new RangeError(`a value of ${this.buffers.name} has 0 to ${this.size} bytes, not ${length}`);
  }

  /**
   * Publishes a copy of the bytes, or a value of the type. Never waits. A value that the type refuses is not published.
   *
   * @throws {TypeError} not bytes, where there is no type, or they are gone (detached)
   * @throws {RangeError} more than `size` bytes
   * @throws {IpcError} EBADF after close; EBUSY from within another write, by a getter of its value; EBADMSG as `commit`
   */
  write(value: Given): void {
    if (this.type !== undefined) this.writeType(this.type, value);
    else this.publish(value instanceof Uint8Array && value.length > 0 ? value : asBytes(value, "a value"));
  }

  private writeType(type: ValueType<Value, Given>, value: Given): void {
    const offset = this.claimAt();
    const header = this.claimed;
    this.claimed = -1; // there is nothing to commit before all of it is written, nor where the type refuses it
    this.isWriting = true;
    try {
      type.write(this.view, offset, value);
    } catch (error) {
      if (this.u8.length > 0) throw error; // otherwise the engine says that the memory has gone: a getter has closed it
    } finally {
      this.isWriting = false;
      if (!this.isOpen) this.leave();
    }
    if (!this.isOpen) throw this.buffers.closedHere("write");
    this.claimed = header;
    this.commit();
  }

  /** Whoever writes a value must not publish another one meanwhile: it would stand in the same buffer. */
  private busyHere(): IpcError {
    const { name } = this.buffers;
    const hint = "another value is being written: no getter of it may write";
    return new IpcError(errno.EBUSY, { syscall: "write", doing: `write ${name}`, path: name, hint });
  }

  /** Version of the value that was published last; 0 = none yet. */
  get version(): number {
    return this.buffers.versionAt(this.buffers.headerOf(this.buffers.current));
  }

  /**
   * Makes the value that was published last survive power loss: puts it aside and waits until it is on disk, which takes
   * milliseconds and blocks this thread. What was synced last is what a half-written value is replaced by. Over a
   * `MappedFile` with `checksum: true`. Against the death of processes it is not needed.
   *
   * @throws {IpcError} EOPNOTSUPP the memory is no file, or there is no checksum; EIO the disk failed; EBADF after close;
   * EBADMSG the value is not whole any more: somebody has truncated the file, or written over it
   */
  sync(): void {
    if (!this.isOpen) throw this.buffers.closedHere("sync");
    const { memory, base } = this.buffers;
    if (memory.sync === undefined) throw this.buffers.unsyncable("it lies in memory: lay it over a MappedFile");
    if (!this.hasChecksum) throw this.buffers.unsyncable("it was made without checksum: true");
    const source = this.buffers.headerOf(this.buffers.current);
    const length = this.buffers.lengthToSync(source, this.gone);
    if (length < 0) return; // there is none yet
    memory.sync({ offset: this.putAside(source, length), length: this.stride });
    if (!this.hasSyncedHeader) memory.sync({ offset: base, length: FIRST_BUFFER });
    this.hasSyncedHeader = true;
  }

  /** Copies the current value, of `length` bytes, over the older one of the durable copies. Where that one stands. */
  private putAside(source: number, length: number): number {
    const buffers = this.buffers;
    const [first, second] = [buffers.durableHeader(0), buffers.durableHeader(1)];
    const age = (header: number) => (buffers.isWhole(header) ? buffers.versionAt(header) : -1);
    const target = age(first) <= age(second) ? first : second;
    this.i32[target / 4] = buffers.current; // SYNC overwrite: a reader for whom it stood in must find another sequence
    fence();
    this.u8.copyWithin(target, source, source + BYTES + length);
    return target;
  }

  /** Ends the writing: readers keep the last value, and waits for a newer one end. Closing twice is fine. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.claimed = -1;
    if (!this.isWriting) this.leave();
  }

  /** Not while a type writes, some getter of whose value has closed us: a successor would write at the same place. */
  private leave(): void {
    this.onClose();
    if (this.u8.length === 0) return; // the memory has gone
    this.role.release();
    this.buffers.wakeReaders();
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ name: this.buffers.name, size: this.size, closed: !this.isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
