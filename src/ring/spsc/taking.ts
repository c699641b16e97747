// RingTaking: where a consumer reads. The message at hand, acknowledgements, and runs of messages.

import { checkFunction } from "../../sys/validate.ts";
import { hasSleepers } from "../../wait/eventcount.ts";
import { lengthAt } from "./chain.ts";
import { checkDrain, type DrainHandler } from "./drain.ts";
import * as layout from "./layout.ts";
import { MESSAGE_HEADER, TAKEN_INDEX } from "./layout.ts"; // by name: JavaScriptCore does not look through a namespace
import { closedHere, corrupted, RingSide, type SideParts } from "./side.ts";

/** As many messages as a run may have. */
const ENDLESS = 0x7fffffff;
const HEADER = MESSAGE_HEADER; // V8 folds no constant that is exported
const TAKEN = TAKEN_INDEX;

/** The part of SpscConsumer that receives in place: its hot path, plain TypeScript on mapped memory. */
export abstract class RingTaking extends RingSide {
  /** Bytes of the greatest message; -1 where the fast path must find nothing: once closed, and in atomic rings. */
  protected largest = 0;
  /** How far acknowledgement may lag before it is published while there is more to read. */
  private lag = 0;
  /** Position of the message to hand out next. */
  protected next = 0;
  /** The tail that stands in shared memory. */
  protected published = 0;
  protected lastLength = 0;
  private lastPosition = 0;
  /** Bytes that the peeked message takes up; 0 when none is peeked. */
  protected record = 0;

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
  protected acknowledge(): void {
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
    if (this.published === this.next) this.haveLooked(this.next);
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
      this.i32[((this.dataOffset + (behind & this.mask)) >> 2) + TAKEN] = 0;
    return start + HEADER;
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
      try {
        const bytes = Math.min(rest, this.lag);
        count += this.isAtomic
          ? this.drainAtomically(handler, max - count, bytes)
          : this.drainRun(handler, max - count, bytes);
      } finally {
        this.record = 0; // a message that was peeked before or meanwhile is done with
        if (this.isOpen && this.published !== this.next) this.acknowledge();
      }
      if (!this.isOpen) break; // the handler has closed us
    }
    return count;
  }

  /** What is there, from the message that was peeked, up to so many messages and bytes of the ring. */
  private drainAtomically(handler: DrainHandler, max: number, bytes: number): number {
    const first = this.next;
    let count = 0;
    do {
      const { next, record } = this;
      this.record = 0; // we move on ourselves: a handler's release has nothing to do
      handler(this.dataOffset + (next & this.mask) + HEADER, this.lastLength, next >>> 0);
      count++;
      if (this.next !== next) break; // the handler has received on its own, or closed us
      this.next = (next + record) | 0;
    } while (count < max && ((this.next - first) | 0) < bytes && this.peekAt() >= 0);
    return count;
  }

  /** The same by plain loads: messages of one size that stand in one piece are a stretch, and its loop has few variables. */
  private drainRun(handler: DrainHandler, max: number, bytes: number): number {
    const { i32 } = this;
    this.record = 0;
    const dataOffset = this.dataOffset | 0; // "| 0" here and below: V8 keeps 32 bits in a register, and checks no overflow
    const mask = this.mask | 0;
    const largest = this.bytes.geometry.maxMessageSize | 0;
    const most = Math.min(max, ENDLESS) | 0;
    let left = most;
    let next = this.next | 0;
    const end = (next + bytes) | 0;
    while (left > 0 && ((end - next) | 0) > 0) {
      const start = next & mask;
      let at = (dataOffset + start) | 0;
      const mark = i32[at >> 2] | 0;
      const length = (mark - 1) | 0;
      if (!(length >= 0 && length <= largest)) {
        if (length === -1) break;
        throw corrupted(this.bytes, `a message claims ${length} bytes`);
      }
      const record = (length + 15) & ~7;
      const stop = (at + Math.min((end - next) | 0, (mask + 1 - start) | 0)) | 0;
      // What stands from here on is of this stretch, and not acknowledged.
      let first = at;
      do {
        // The line becomes ours (D38): of the message two before, so as not to disturb a producer that is close ahead.
        const before = (at - 2 * record) | 0; // a sum would pass 2 ** 31
        if (before >= first) i32[(before >> 2) + TAKEN] = 0;
        handler((at + HEADER) | 0, length, next >>> 0);
        left = (left - 1) | 0;
        if (this.next !== next) return most - left; // it has received on its own, or closed us
        if (this.record !== 0) {
          this.record = 0; // what it has only peeked is done with: a release by the next handler has nothing to do
          first = at; // and may have acknowledged what is behind it
        }
        next = (next + record) | 0;
        this.next = next; // at once: a handler that throws must not be given what others have handled
        at = (at + record) | 0;
      } while (at < stop && left > 0 && i32[at >> 2] === mark);
    }
    return most - left;
  }

  /** Size in bytes of the message last peeked or received, or handed out by `drain`. */
  get length(): number {
    return this.lastLength;
  }

  /** Position of the same message: bytes since the ring was made, modulo 2 ** 32. It is its id. */
  get position(): number {
    return this.lastPosition >>> 0;
  }
}
