// SpscProducer: the sending side of a ring. The hot path is plain TypeScript on mapped memory.

import { asBytes, checkInteger } from "../../sys/validate.ts";
import { type AwaitOptions, checkAwaitOptions, deadlineOf, type WaitOptions } from "../../wait/deadline.ts";
import { hasSleepers, SLEEPERS } from "../../wait/eventcount.ts";
import { PeerEnd } from "../peer_end.ts";
import type { RingWaiter } from "../ring_waiter.ts";
import type { Role } from "../role.ts";
import * as layout from "./layout.ts";
import {
  attemptOn,
  closedHere,
  corrupted,
  fillingHere,
  lostError,
  type RingBytes,
  RingSide,
  type SideParts,
} from "./side.ts";

/**
 * The one sender of a ring; made by `ring.producer()`.
 *
 * A message is committed once `commit`, `send` or `trySend` has returned (or `uncork`, while corked), and from then on
 * survives this process. Use it from one thread. Only the forms ending in `Sync` block.
 */
export class SpscProducer extends RingSide {
  readonly #bytes: RingBytes;
  readonly #own: Role;
  readonly #peer: PeerEnd;
  readonly #waiter: RingWaiter;
  readonly #onClose: () => void;
  readonly #i32: Int32Array;
  readonly #u8: Uint8Array;
  readonly #headIndex: number;
  readonly #tailIndex: number;
  readonly #waitIndex: number;
  readonly #dataOffset: number;
  readonly #mask: number;
  readonly #maxMessageSize: number;
  readonly #isAtomic: boolean;
  /** -1 once closed and while a batch is filled: the fast path finds the ring full, and the slow path tells why. */
  #capacity: number;
  #isOpen = true;
  /** Position of the next message; what of it is published stands in shared memory. */
  #head: number;
  /** The consumer's position as last seen. */
  #tail: number;
  /** Bytes claimed and not yet committed, or -1. */
  #claimed = -1;
  #isCorked = false;
  /** Neither corked nor atomic: the usual case, as one flag. */
  #publishesPlainly: boolean;

  /** Use `ring.producer()`. */
  constructor({ bytes, own, peer, makeWaiter, onClose }: SideParts) {
    super(bytes.buffer, () => this.#waiter);
    const { base, geometry } = bytes;
    this.#bytes = bytes;
    this.#own = own;
    this.#peer = new PeerEnd(peer);
    this.#onClose = onClose;
    this.#i32 = this.i32;
    this.#u8 = this.u8;
    this.#headIndex = (base + layout.HEAD) / 4;
    this.#tailIndex = (base + layout.TAIL) / 4;
    this.#waitIndex = (base + layout.CONSUMER_WAIT) / 4;
    this.#dataOffset = base + layout.MESSAGES;
    this.#mask = geometry.capacity - 1;
    this.#maxMessageSize = geometry.maxMessageSize;
    this.#isAtomic = bytes.isAtomic;
    this.#publishesPlainly = !bytes.isAtomic;
    this.#capacity = geometry.capacity;
    this.#waiter = makeWaiter(() => this.#peer.watched);
    this.#head = Atomics.load(this.#i32, this.#headIndex);
    this.#tail = this.#loadTail();
  }

  /** SYNC space: pairs with the consumer's store of tail. */
  #loadTail(): number {
    const tail = Atomics.load(this.#i32, this.#tailIndex);
    const used = (this.#head - tail) | 0;
    if (used < 0 || used > this.#capacity || (used & 7) !== 0)
      throw corrupted(this.#bytes, "head and tail do not agree");
    return tail;
  }

  /** Whether there is room after all. */
  #hasRoom(record: number): boolean {
    if (this.#capacity < 0) throw this.#isOpen ? fillingHere(this.#bytes) : closedHere(this.#bytes, "send");
    this.#tail = this.#loadTail();
    if (((this.#head + record - this.#tail) | 0) <= this.#capacity) return true;
    if (this.#isCorked) this.#publish(); // what is held back could never be read, and the room never come
    this.#waiter.pause();
    return false;
  }

  /** SYNC message: pairs with the consumer's load of head. */
  #publish(): void {
    if (this.#isAtomic) Atomics.store(this.#i32, this.#headIndex, this.#head);
    else this.#i32[this.#headIndex] = this.#head;
    if (hasSleepers(this.#i32, this.#waitIndex, this.#isAtomic)) this.#waiter.notify();
  }

  #checkSize(size: number): void {
    if (Number.isInteger(size) && size >= 0 && size <= this.#maxMessageSize) return;
    if (typeof size !== "number") throw new TypeError(`the size of a message must be a number, not ${typeof size}`);
    throw new RangeError(`a message of ring ${this.#bytes.name} has 0 to ${this.#maxMessageSize} bytes, not ${size}`);
  }

  /**
   * Room for a message of `size` bytes: its byte offset in `u8`, `i32`, `f64` and `view` (a multiple of 8), or -1 when
   * the ring is full. Allocates nothing. Fill it, then `commit()`. A second claim replaces the first.
   *
   * @throws {RangeError} size is not a whole number up to `maxMessageSize`
   * @throws {IpcError} EBADF after close; EBADMSG the shared indices are corrupted
   */
  claimAt(size: number): number {
    if ((size | 0) !== size || size < 0 || size > this.#maxMessageSize) this.#checkSize(size);
    const record = (size + 15) & ~7; // layout.recordSize, spelled out: this is the hot path
    if (((this.#head + record - this.#tail) | 0) > this.#capacity && !this.#hasRoom(record)) return -1;
    this.#claimed = size;
    return this.#dataOffset + (this.#head & this.#mask) + layout.MESSAGE_HEADER;
  }

  /** As `claimAt`, as a view of the room; undefined when the ring is full. Do not keep it after `commit`. */
  claim(size: number): Uint8Array | undefined {
    const offset = this.claimAt(size);
    return offset < 0 ? undefined : this.#u8.subarray(offset, offset + size);
  }

  /**
   * Commits the claimed message, or only its first `size` bytes.
   *
   * @throws {RangeError} nothing is claimed, or less than `size`
   */
  commit(size: number = this.#claimed): void {
    if ((size | 0) !== size || size < 0 || size > this.#claimed) this.#refuseCommit(size);
    const head = this.#head;
    const next = (head + ((size + 15) & ~7)) | 0;
    this.#i32[(this.#dataOffset + (head & this.#mask)) >> 2] = size;
    this.#head = next;
    this.#claimed = -1;
    if (this.#publishesPlainly) {
      // #publish, spelled out: a private method's brand check costs as much as all of this in JavaScriptCore
      this.#i32[this.#headIndex] = next;
      if ((this.#i32[this.#waitIndex] & SLEEPERS) !== 0) this.#waiter.notify();
    } else if (!this.#isCorked) this.#publish();
  }

  #refuseCommit(size: number): never {
    if (this.#claimed < 0) throw new RangeError(`nothing is claimed on ring ${this.#bytes.name}: call claim first`);
    throw new RangeError(`${this.#claimed} bytes are claimed on ring ${this.#bytes.name}, not ${size}`);
  }

  /** Gives the claimed room back; nothing is sent. */
  abort(): void {
    this.#claimed = -1;
  }

  /**
   * Sends a copy, if there is room; false when the ring is full. Never waits.
   *
   * @throws {TypeError} not bytes
   * @throws {RangeError} larger than `maxMessageSize`
   * @throws {IpcError} EBADF after close; EBADMSG the shared indices are corrupted
   */
  trySend(data: ArrayBufferView | ArrayBuffer): boolean {
    const bytes = data instanceof Uint8Array ? data : asBytes(data);
    const offset = this.claimAt(bytes.length);
    if (offset < 0) return false;
    this.#u8.set(bytes, offset);
    this.commit();
    return true;
  }

  #attempt(bytes: Uint8Array): true | undefined {
    if (this.trySend(bytes)) return true;
    const error = this.#peer.error(attemptOn(this.#bytes, "send")) ?? lostError(this.#bytes);
    if (error === undefined) return undefined;
    this.#peer.tell();
    throw error;
  }

  /**
   * Sends a copy, blocking this thread while the ring is full; false after the timeout.
   *
   * @throws {PeerDiedError} the ring is full and its consumer died; told once for each death
   * @throws {PeerClosedError} the ring is full and its consumer has closed
   */
  sendSync(data: ArrayBufferView | ArrayBuffer, options?: WaitOptions): boolean {
    const deadline = deadlineOf(options, "sendSync");
    const bytes = asBytes(data);
    this.#checkSize(bytes.length);
    if (this.trySend(bytes)) return true;
    return this.#waiter.waitSync(() => this.#attempt(bytes), deadline) ?? false;
  }

  /**
   * Sends a copy, awaiting room; false after the timeout. Calls are served in order; do not change the bytes before the
   * promise settles. Errors as `sendSync`; an abort rejects with `signal.reason`.
   */
  send(data: ArrayBufferView | ArrayBuffer, options?: AwaitOptions): Promise<boolean> {
    try {
      checkAwaitOptions(options, "send");
      const bytes = asBytes(data);
      this.#checkSize(bytes.length);
      options?.signal?.throwIfAborted();
      if (!this.#waiter.isAwaited && this.trySend(bytes)) return Promise.resolve(true);
      return this.#waiter.wait(() => this.#attempt(bytes), options).then((sent) => sent ?? false);
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
    this.#checkSize(size);
    checkInteger(count, "count", 0, Number.MAX_SAFE_INTEGER);
    const i32 = this.#i32;
    const dataOffset = this.#dataOffset;
    const mask = this.#mask;
    const record = layout.recordSize(size);
    if (((this.#head + record * Math.min(count, 64) - this.#tail) | 0) > this.#capacity) this.#hasRoom(record);
    const capacity = this.#capacity;
    const limit = (this.#tail + capacity - record) | 0;
    let head = this.#head;
    let index = 0;
    this.#claimed = -1;
    this.#capacity = -1;
    try {
      for (; index < count && ((limit - head) | 0) >= 0; index++) {
        const start = dataOffset + (head & mask);
        write(start + layout.MESSAGE_HEADER, index);
        i32[start >> 2] = size;
        head = (head + record) | 0;
      }
    } finally {
      if (this.#isOpen) {
        this.#capacity = capacity;
        this.#head = head;
        if (index > 0 && !this.#isCorked) this.#publish();
      }
    }
    return this.#isOpen ? index : 0;
  }

  /** As `fillAt`, with a view of each message's room. Do not keep the views. */
  fill(size: number, count: number, write: (room: Uint8Array, index: number) => void): number {
    return this.fillAt(size, count, (offset, index) => write(this.#u8.subarray(offset, offset + size), index));
  }

  /** Holds messages back until `uncork`, which publishes them at once: several times the throughput for small ones. */
  cork(): void {
    this.#isCorked = true;
    this.#publishesPlainly = false;
  }

  /** Publishes what was held back, and each message from now on. A full ring publishes on its own. */
  uncork(): void {
    this.#isCorked = false;
    this.#publishesPlainly = !this.#isAtomic;
    if (this.#isOpen) this.#publish();
  }

  /** Position of the next message: bytes since the ring was made, modulo 2 ** 32. It is that message's id. */
  get position(): number {
    return this.#head >>> 0;
  }

  /** Ends the stream: the consumer reads what was committed, then sees the end. Closing twice is fine. */
  override close(): void {
    if (!this.#isOpen) return;
    if (this.#isCorked) this.#publish();
    this.#isOpen = false;
    this.#capacity = -1;
    this.#claimed = -1;
    this.#own.release();
    this.#waiter.notify();
    this.#waiter.close(closedHere(this.#bytes, "send"));
    this.#onClose();
  }
}
