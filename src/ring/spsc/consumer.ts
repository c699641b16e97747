// SpscConsumer: the receiving side of a ring. The hot path is plain TypeScript on mapped memory.

import { checkFunction, checkOptions } from "../../sys/validate.ts";
import { type AwaitOptions, checkAwaitOptions, deadlineOf, type WaitOptions } from "../../wait/deadline.ts";
import { hasSleepers } from "../../wait/eventcount.ts";
import { NOWHERE, refuseArray, refuseTarget } from "../mapped_copy.ts";
import { lengthAt } from "./chain.ts";
import { checkDrain, type DrainHandler } from "./drain.ts";
import { type IterationOptions, messagesOf } from "./iteration.ts";
import * as layout from "./layout.ts";
import { MESSAGE_HEADER, TAKEN_INDEX } from "./layout.ts";
import { attemptOn, closedHere, corrupted, lostError, RingSide, type SideParts } from "./side.ts";

/**
 * The one receiver of a ring; made by `ring.consumer()`.
 *
 * A message is acknowledged by asking for the next one (or by `release`, by the return of a `drain` handler, by
 * `close`). A consumer that is killed loses nothing: its successor starts at the last acknowledgement that was published,
 * and `position` tells which message that is. Acknowledgements are published at the end of a drain, when there is nothing
 * more to read, and after an eighth of the capacity: so much may come again. Use it from one thread. Only the forms ending
 * in `Sync` block.
 */
export class SpscConsumer extends RingSide {
  /** Bytes of the greatest message; -1 where the fast path must find nothing: once closed, and in atomic rings. */
  private largest = 0;
  /** How far acknowledgement may lag before it is published while there is more to read. */
  private lag = 0;
  /** Position of the message to hand out next. */
  private next = 0;
  /** The tail that stands in shared memory. */
  private published = 0;
  private lastLength = 0;
  private lastPosition = 0;
  /** Bytes that the peeked message takes up; 0 when none is peeked. */
  private record = 0;

  /** Use `ring.consumer()`. */
  constructor(parts: SideParts) {
    super(parts, layout.PRODUCER_WAIT);
    const { bytes } = parts;
    const { geometry } = bytes;
    this.largest = bytes.isAtomic ? -1 : geometry.maxMessageSize;
    this.lag = geometry.capacity >> 3;
    this.next = Atomics.load(this.i32, this.tailIndex);
    this.published = this.next;
    this.lastPosition = this.next;
    lengthAt(bytes, this.i32, this.next); // throws where it makes no sense
  }

  /** SYNC space: pairs with the producer's load of tail. */
  private acknowledge(): void {
    this.published = this.next;
    if (this.isAtomic) Atomics.store(this.i32, this.tailIndex, this.next);
    else this.i32[this.tailIndex] = this.next;
    if (hasSleepers(this.i32, this.waitIndex, this.isAtomic)) this.waiter.notify();
  }

  /** The fast path has found nothing that it can hand out. */
  private look(): number {
    if (!this.isOpen) throw closedHere(this.bytes, "receive");
    const length = lengthAt(this.bytes, this.i32, this.next);
    if (length >= 0) return this.handOut(length);
    if (this.published === this.next) this.haveLooked();
    else this.acknowledge();
    return -1;
  }

  private handOut(length: number): number {
    const next = this.next;
    if (((next - this.published) | 0) >= this.lag) this.acknowledge();
    this.lastLength = length;
    this.record = (length + 15) & ~7; // layout.recordSize, spelled out: this is the hot path
    const behind = this.lastPosition;
    this.lastPosition = next;
    const start = this.dataOffset + (next & this.mask);
    if (((behind - this.published) | 0) >= 0)
      // it is not the producer's again: its line becomes ours (D38)
      this.i32[((this.dataOffset + (behind & this.mask)) >> 2) + TAKEN_INDEX] = 0;
    return start + MESSAGE_HEADER;
  }

  /**
   * The next message: its byte offset in `u8`, `i32`, `f64` and `view` (a multiple of 8), or -1 when there is none.
   * `length` is its size. Allocates nothing. The bytes are the ring's until `release()`; asked again before that, it
   * answers the same message.
   *
   * @throws {IpcError} EBADF after close; EBADMSG the shared bytes are corrupted
   */
  peekAt(): number {
    const length = this.i32[(this.dataOffset + (this.next & this.mask)) >> 2] - 1;
    return length >= 0 && length <= this.largest ? this.handOut(length) : this.look();
  }

  /** As `peekAt`, as a view of the message; undefined when there is none. Do not keep it after `release`. */
  peek(): Uint8Array | undefined {
    const offset = this.peekAt();
    return offset < 0 ? undefined : this.u8.subarray(offset, offset + this.lastLength);
  }

  /** Done with the message that was peeked: the next peek or receive moves on and acknowledges it. */
  release(): void {
    this.next = (this.next + this.record) | 0;
    this.record = 0;
  }

  /**
   * A copy of the next message, or undefined when there is none. Never waits.
   *
   * @throws {IpcError} EBADF after close; EBADMSG the shared bytes are corrupted
   */
  tryReceive(): Uint8Array | undefined {
    const offset = this.peekAt();
    if (offset < 0) return undefined;
    const message = this.u8.slice(offset, offset + this.lastLength);
    this.release();
    return message;
  }

  /**
   * Copies the next message to the start of `target`: its size, or -1 when there is none. Never waits, allocates no
   * buffer.
   *
   * @throws {TypeError} the target is no Uint8Array
   * @throws {RangeError} the message is longer than the target; it stays in the ring
   */
  tryReceiveInto(target: Uint8Array): number {
    if (!(target instanceof Uint8Array)) refuseArray(target);
    const offset = this.peekAt();
    if (offset < 0) return -1;
    const length = this.lastLength;
    if (length > target.length) refuseTarget(target, length, "the message");
    this.copy.out(offset, length, target, length > this.copy.loopOutMost ? this.following() : NOWHERE);
    this.release();
    return length;
  }

  /** Where the bytes of the message behind the peeked one begin, if it is there: not to take what is about to be written. */
  private following(): number {
    const start = this.dataOffset + ((this.next + this.record) & this.mask);
    return this.i32[start >> 2] === 0 ? NOWHERE : start + MESSAGE_HEADER;
  }

  private attempt(): Uint8Array | undefined {
    const message = this.tryReceive();
    if (message !== undefined) return message;
    const error = this.peer.error(attemptOn(this.bytes, "receive")) ?? lostError(this.bytes);
    if (error === undefined) return undefined;
    const last = this.tryReceive(); // committed just before the end
    if (last !== undefined) return last;
    this.peer.tell();
    throw error;
  }

  /**
   * A copy of the next message, blocking this thread until there is one; undefined after the timeout.
   *
   * @throws {PeerDiedError} the producer died and everything it had committed was received; told once for each death,
   * the next call waits for its successor
   * @throws {PeerClosedError} the producer has closed and everything was received
   * @throws {IpcError} EDEADLK without a timeout, where the producer is of this thread; otherwise as `tryReceive`
   */
  receiveSync(options?: WaitOptions): Uint8Array | undefined {
    const deadline = deadlineOf(options, "receiveSync");
    return this.tryReceive() ?? this.waiter.waitSync(() => this.attempt(), deadline);
  }

  /**
   * A copy of the next message, as a promise; undefined after the timeout. Calls are served in order. Errors as
   * `receiveSync`; an abort rejects with `signal.reason` and takes no message.
   */
  receive(options?: AwaitOptions): Promise<Uint8Array | undefined> {
    try {
      checkAwaitOptions(options, "receive");
      options?.signal?.throwIfAborted();
      const message = this.waiter.isAwaited ? undefined : this.tryReceive();
      return message === undefined ? this.wait(() => this.attempt(), options) : this.answer(message);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Hands each message that is there to `handler` as a borrowed view, at most `max` of them; how many. A message is
   * acknowledged when its handler has returned; one whose handler throws will come again. It ends after `capacity` bytes of
   * the ring, so that a producer who is as fast, or hostile, cannot keep this thread: there may be more then.
   */
  drain(handler: (message: Uint8Array, position: number) => void, max = Number.POSITIVE_INFINITY): number {
    checkFunction(handler, "the handler of drain");
    return this.drainAt((offset, length, position) => {
      this.lastLength = length;
      this.lastPosition = position;
      handler(this.u8.subarray(offset, offset + length), position);
    }, max);
  }

  /**
   * As `drain`, with the message's byte offset, length and position in place of a view: allocates nothing. `length` and
   * `position` of the consumer are not those of the message meanwhile.
   */
  drainAt(handler: DrainHandler, max = Number.POSITIVE_INFINITY): number {
    checkDrain(handler, max);
    const first = this.next;
    let count = 0;
    for (;;) {
      const rest = (this.bytes.geometry.capacity - ((this.next - first) | 0)) | 0;
      if (count >= max || rest <= 0 || this.peekAt() < 0) break;
      this.record = 0; // the run moves on by itself: a handler's release has nothing to do
      try {
        count += this.drainRun(handler, max - count, Math.min(rest, this.lag));
      } finally {
        this.record = 0; // a message that was peeked before or meanwhile is done with
        if (this.isOpen && this.published !== this.next) this.acknowledge();
      }
      if (!this.isOpen) break; // the handler has closed us
    }
    return count;
  }

  /** What is there, up to so many messages and bytes of the ring. The loop lives on locals: it is the hot path. */
  private drainRun(handler: DrainHandler, max: number, bytes: number): number {
    const { i32, dataOffset, mask, isAtomic, published } = this;
    const largest = this.bytes.geometry.maxMessageSize;
    const first = this.next;
    let next = first;
    let count = 0;
    // Messages mostly have the size of the one before. Said as a branch, it lets the processor load the next mark before
    // this one has come: their misses overlap.
    let expected = this.lastLength;
    let record = layout.recordSize(expected);
    let behind = -1; // of the message two before this one, so as not to disturb a producer that is close ahead
    let previous = -1;
    while (count < max && ((next - first) | 0) < bytes) {
      const start = dataOffset + (next & mask);
      const length = (isAtomic ? Atomics.load(i32, start >> 2) : i32[start >> 2]) - 1;
      if (!(length >= 0 && length <= largest)) {
        if (length === -1) break;
        throw corrupted(this.bytes, `a message claims ${length} bytes`);
      }
      if (behind >= 0 && this.published === published) i32[behind + TAKEN_INDEX] = 0; // its line becomes ours (D38)
      behind = previous;
      previous = start >> 2;
      handler(start + MESSAGE_HEADER, length, next >>> 0);
      count++;
      if (this.next !== next) break; // the handler has received on its own, or closed us
      this.record = 0; // what it has only peeked is done with: a release by the next handler has nothing to do
      if (length !== expected) {
        expected = length;
        record = (length + 15) & ~7;
      }
      next = (next + record) | 0;
      this.next = next; // at once: a handler that throws must not be given what others have handled
    }
    return count;
  }

  /** Size in bytes of the message last peeked or received, or handed out by `drain`. */
  get length(): number {
    return this.lastLength;
  }

  /** Position of the same message: bytes since the ring was made, modulo 2 ** 32. It is its id. */
  get position(): number {
    return this.lastPosition >>> 0;
  }

  /** Whether the producer has closed and everything was received. */
  get ended(): boolean {
    return this.isOpen && this.peer.isClosed && lengthAt(this.bytes, this.i32, this.next) < 0;
  }

  /**
   * Each message as it comes, to the end of the stream: until the producer has closed, or this consumer is closed.
   *
   * @throws {PeerDiedError} the producer died and everything it had committed was received
   */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    return this.messages();
  }

  /** As the consumer itself in `for await`; an abort ends the iteration with `signal.reason`, and takes no message. */
  messages(options?: IterationOptions): AsyncGenerator<Uint8Array, void, void> {
    checkOptions(options, ["signal"], "messages");
    checkAwaitOptions(options, "messages");
    return messagesOf(this, () => this.isOpen, options);
  }

  /** Acknowledges what was received and gives the role back. Closing twice is fine. */
  override close(): void {
    if (!this.isOpen) return;
    if (this.published !== this.next) this.acknowledge();
    this.isOpen = false;
    this.record = 0;
    this.next = (this.next + MESSAGE_HEADER) | 0; // a drain that is going on sees that something has happened
    this.largest = -1;
    this.own.release();
    this.waiter.notify();
    this.waiter.close(closedHere(this.bytes, "receive"));
    this.onClose();
  }
}
