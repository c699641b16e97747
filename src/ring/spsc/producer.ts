// SpscProducer: the sending side of a ring. The hot path is plain TypeScript on mapped memory.

import { loadOrdered } from "../../sys/ordering.ts";
import { asBytes, checkFunction, checkInteger } from "../../sys/validate.ts";
import { type AwaitOptions, checkAwaitOptions, deadlineOf, type WaitOptions } from "../../wait/deadline.ts";
import { hasSleepers, SLEEPERS } from "../../wait/eventcount.ts";
import { endOfMessages } from "./chain.ts";
import * as layout from "./layout.ts";
import { MESSAGE_HEADER } from "./layout.ts"; // by name: JavaScriptCore does not look through a namespace
import {
  attemptOn,
  checkSize,
  closedHere,
  corrupted,
  fillingHere,
  lostError,
  RingSide,
  refuseCommit,
  type SideParts,
} from "./side.ts";

/** A batch begins with a look for room when there is less than for so many of its messages; otherwise it ends with it. */
const FEW = 64;

/**
 * The one sender of a ring; made by `ring.producer()`.
 *
 * A message is committed once `commit`, `send` or `trySend` has returned (or `uncork`, while corked), and from then on
 * survives this process. Use it from one thread. Only the forms ending in `Sync` block.
 */
export class SpscProducer extends RingSide {
  private largest = 0;
  /** Bytes for messages. */
  private most = 0;
  /** As many; -1 once closed and while a batch is filled: then the slow path tells why there are none. */
  private room = 0;
  /** Position of the next message. */
  private head = 0;
  /** The consumer's position as last seen. */
  private tail = 0;
  /** Bytes claimed and not yet committed, or -1. */
  private claimed = -1;
  private isCorked = false;
  /** Neither corked nor atomic: the usual case, as one flag. */
  private publishesPlainly = false;
  /** Where the first message stands that is held back, or -1; its mark is all that the others lack. */
  private heldIndex = -1;
  private heldMark = 0;

  /** Use `ring.producer()`. */
  constructor(parts: SideParts) {
    super(parts, layout.CONSUMER_WAIT);
    const { bytes } = parts;
    const { geometry } = bytes;
    this.largest = geometry.maxMessageSize;
    this.publishesPlainly = !bytes.isAtomic;
    this.most = geometry.capacity - layout.MESSAGE_HEADER;
    this.room = this.most;
    this.tail = Atomics.load(this.i32, this.tailIndex);
    this.head = endOfMessages(bytes, this.i32, this.tail);
  }

  /** SYNC space: pairs with the consumer's store of tail. */
  private loadTail(): number {
    const tail = loadOrdered(this.i32, this.tailIndex);
    const used = (this.head - tail) | 0;
    if (used < 0 || used > this.most || (used & 7) !== 0) throw corrupted(this.bytes, `the consumer is at ${tail}`);
    return tail;
  }

  /** The last position at which such a record fits, as the consumer stands now. */
  private limitAnew(record: number): number {
    this.tail = this.loadTail();
    return (this.tail + this.most - record) | 0;
  }

  /** Whether there is room after all. */
  private hasRoom(record: number): boolean {
    if (this.room < 0) throw this.isOpen ? fillingHere(this.bytes) : closedHere(this.bytes, "send");
    if (((this.limitAnew(record) - this.head) | 0) >= 0) return true;
    if (this.isCorked) this.publishHeld(); // what is held back could never be read, and the room never come
    this.haveLooked();
    return false;
  }

  /** The slow ways to set a mark: held back, or by Atomics. */
  private publish(index: number, mark: number): void {
    if (this.isCorked && this.heldIndex < 0) {
      this.heldIndex = index;
      this.heldMark = mark;
    } else if (this.isCorked) {
      this.i32[index] = mark; // out of reach as long as the first one is held back
    } else {
      this.setMark(index, mark);
    }
  }

  /** SYNC message: pairs with the consumer's load of the mark. */
  private setMark(index: number, mark: number): void {
    if (this.isAtomic) Atomics.store(this.i32, index, mark);
    else this.i32[index] = mark;
    if (hasSleepers(this.i32, this.waitIndex, this.isAtomic)) this.waiter.notify();
  }

  private publishHeld(): void {
    if (this.heldIndex < 0) return;
    const index = this.heldIndex;
    this.heldIndex = -1;
    this.setMark(index, this.heldMark);
  }

  /**
   * Room for a message of `size` bytes: its byte offset in `u8`, `i32`, `f64` and `view` (a multiple of 8), or -1 when
   * the ring is full. Allocates nothing. Fill it, then `commit()`. A second claim replaces the first.
   *
   * @throws {RangeError} size is not a whole number up to `maxMessageSize`
   * @throws {IpcError} EBADF after close; EBADMSG the shared indices are corrupted
   */
  claimAt(size: number): number {
    if ((size | 0) !== size || size < 0 || size > this.largest) checkSize(this.bytes, size);
    const record = (size + 15) & ~7; // layout.recordSize, spelled out: this is the hot path
    if (((this.head + record - this.tail) | 0) > this.room && !this.hasRoom(record)) return -1;
    this.claimed = size;
    return this.dataOffset + (this.head & this.mask) + MESSAGE_HEADER;
  }

  /** As `claimAt`, as a view of the room; undefined when the ring is full. Do not keep it after `commit`. */
  claim(size: number): Uint8Array | undefined {
    const offset = this.claimAt(size);
    return offset < 0 ? undefined : this.u8.subarray(offset, offset + size);
  }

  /**
   * Commits the claimed message, or only its first `size` bytes.
   *
   * @throws {RangeError} nothing is claimed, or less than `size`
   * @throws {IpcError} EBADF after close
   */
  commit(size: number = this.claimed): void {
    if ((size | 0) !== size || size < 0 || size > this.claimed)
      refuseCommit(this.bytes, this.isOpen, this.claimed, size);
    const { i32, dataOffset, mask, head } = this;
    const next = (head + ((size + 15) & ~7)) | 0;
    const index = (dataOffset + (head & mask)) >> 2;
    i32[(dataOffset + (next & mask)) >> 2] = 0; // the end of the chain, before anybody can come so far
    this.head = next;
    this.claimed = -1;
    if (this.publishesPlainly) {
      i32[index] = size + 1; // setMark, spelled out
      if ((i32[this.waitIndex] & SLEEPERS) !== 0) this.waiter.notify();
    } else this.publish(index, size + 1);
  }

  /** Gives the claimed room back; nothing is sent. */
  abort(): void {
    this.claimed = -1;
  }

  /**
   * Sends a copy, if there is room; false when the ring is full. Never waits.
   *
   * @throws {TypeError} not bytes
   * @throws {RangeError} larger than `maxMessageSize`
   * @throws {IpcError} EBADF after close; EBADMSG the shared indices are corrupted
   */
  trySend(data: ArrayBufferView | ArrayBuffer): boolean {
    const bytes = data instanceof Uint8Array ? data : asBytes(data, "a message");
    const offset = this.claimAt(bytes.length);
    if (offset < 0) return false;
    this.copy.in(bytes, offset);
    this.commit();
    return true;
  }

  private attempt(bytes: Uint8Array): true | undefined {
    if (this.trySend(bytes)) return true;
    const error = this.peer.error(attemptOn(this.bytes, "send")) ?? lostError(this.bytes);
    if (error === undefined) return undefined;
    this.peer.tell();
    throw error;
  }

  /**
   * Sends a copy, blocking this thread while the ring is full; false after the timeout.
   *
   * @throws {PeerDiedError} the ring is full and its consumer died; told once for each death
   * @throws {PeerClosedError} the ring is full and its consumer has closed
   * @throws {IpcError} EDEADLK without a timeout, where the consumer is of this thread; otherwise as `trySend`
   */
  sendSync(data: ArrayBufferView | ArrayBuffer, options?: WaitOptions): boolean {
    const deadline = deadlineOf(options, "sendSync");
    const bytes = asBytes(data, "a message");
    checkSize(this.bytes, bytes.length);
    if (this.trySend(bytes)) return true;
    return this.waiter.waitSync(() => this.attempt(bytes), deadline) ?? false;
  }

  /**
   * Sends a copy, awaiting room; false after the timeout. Calls are served in order; do not change the bytes before the
   * promise settles. Errors as `sendSync`; an abort rejects with `signal.reason`.
   */
  send(data: ArrayBufferView | ArrayBuffer, options?: AwaitOptions): Promise<boolean> {
    try {
      checkAwaitOptions(options, "send");
      const bytes = asBytes(data, "a message");
      checkSize(this.bytes, bytes.length);
      options?.signal?.throwIfAborted();
      if (!this.waiter.isAwaited && this.trySend(bytes)) return this.answer(true);
      return this.wait(() => this.attempt(bytes), options).then((sent) => sent ?? false);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends up to `count` messages of `size` bytes and publishes them at once: `write` fills each in place, at its byte
   * offset in `u8`, `i32`, `f64` and `view`. How many there was room for. Allocates nothing; the fastest way to send many
   * small messages. What `write` has not filled when it throws is not sent; if it closes the producer, nothing is.
   * Errors as `claimAt`; EBUSY when `write` itself sends.
   */
  fillAt(size: number, count: number, write: (offset: number, index: number) => void): number {
    checkSize(this.bytes, size);
    checkInteger(count, "count", 0, Number.MAX_SAFE_INTEGER);
    checkFunction(write, "write");
    const record = layout.recordSize(size);
    let mayLook = true;
    if (((this.head - this.tail) | 0) + record * Math.min(count, FEW) > this.room) {
      this.hasRoom(record);
      mayLook = false;
    }
    const { i32, dataOffset, mask, room } = this;
    let limit = (this.tail + room - record) | 0;
    const first = this.head;
    let head = first;
    let index = 0;
    this.claimed = -1;
    this.room = -1;
    try {
      for (; index < count; index++) {
        if (((limit - head) | 0) < 0) {
          if (!mayLook) break;
          mayLook = false; // once: it takes a cache line from the consumer
          limit = this.limitAnew(record);
          if (((limit - head) | 0) < 0) break;
        }
        const start = dataOffset + (head & mask);
        write(start + MESSAGE_HEADER, index);
        if (!this.isOpen) break; // it has closed us: a successor may be at work here
        if (index > 0) i32[start >> 2] = size + 1; // out of reach until the first one's mark is set
        head = (head + record) | 0;
      }
    } finally {
      if (this.isOpen) {
        this.room = room;
        this.head = head;
        i32[(dataOffset + (head & mask)) >> 2] = 0;
        if (index > 0) this.publish((dataOffset + (first & mask)) >> 2, size + 1);
      }
    }
    return this.isOpen ? index : 0;
  }

  /** As `fillAt`, with a view of each message's room. Do not keep the views. */
  fill(size: number, count: number, write: (room: Uint8Array, index: number) => void): number {
    checkFunction(write, "write");
    return this.fillAt(size, count, (offset, index) => write(this.u8.subarray(offset, offset + size), index));
  }

  /** Holds messages back until `uncork`, which publishes them at once: several times the throughput for small ones. */
  cork(): void {
    this.isCorked = true;
    this.publishesPlainly = false;
  }

  /** Publishes what was held back, and each message from now on. A full ring publishes on its own. */
  uncork(): void {
    this.isCorked = false;
    this.publishesPlainly = !this.isAtomic;
    if (this.isOpen) this.publishHeld();
  }

  /** Position of the next message: bytes since the ring was made, modulo 2 ** 32. It is that message's id. */
  get position(): number {
    return this.head >>> 0;
  }

  /** Ends the stream: the consumer reads what was committed, then sees the end. Closing twice is fine. */
  override close(): void {
    if (!this.isOpen) return;
    this.publishHeld();
    this.isOpen = false;
    this.room = -1;
    this.claimed = -1;
    this.own.release();
    this.waiter.notify();
    this.waiter.close(closedHere(this.bytes, "send"));
    this.onClose();
  }
}
