// RingRoom: where a producer writes. Claims, marks, and messages that are held back.

import { loadOrdered } from "../../sys/ordering.ts";
import { hasSleepers, SLEEPERS } from "../../wait/eventcount.ts";
import { endOfMessages } from "./chain.ts";
import * as layout from "./layout.ts";
import { MESSAGE_HEADER } from "./layout.ts"; // by name: JavaScriptCore does not look through a namespace
import { checkSize, corrupted, RingSide, refuseCommit, type SideParts } from "./side.ts";

const HEADER = MESSAGE_HEADER; // V8 folds no constant that is exported

/** The part of SpscProducer that sends in place: its hot path, plain TypeScript on mapped memory. */
export abstract class RingRoom extends RingSide {
  protected largest = 0;
  /** Bytes for messages. */
  protected most = 0;
  /** As many; less than 0 once closed, while a batch is filled, and while messages wait: then the slow path looks why. */
  protected room = 0;
  /** Position of the next message. */
  protected head = 0;
  /** The consumer's position as last seen. */
  protected tail = 0;
  /** Bytes claimed and not yet committed, or -1. */
  protected claimed = -1;
  protected isCorked = false;
  /** Messages wait behind the claimed one. */
  protected isClaimAwaited = false;
  /** Neither corked nor awaited nor atomic: the usual case, as one flag. */
  protected publishesPlainly = false;
  /** Where the first message stands that is held back, or -1; its mark is all that the others lack. */
  protected heldIndex = -1;
  protected heldMark = 0;

  constructor(parts: SideParts) {
    super(parts, layout.CONSUMER_WAIT);
    const { bytes } = parts;
    const { geometry } = bytes;
    this.largest = geometry.maxMessageSize;
    this.choosePublishing();
    this.most = geometry.capacity - layout.MESSAGE_HEADER;
    this.room = this.most;
    this.tail = Atomics.load(this.i32, this.tailIndex);
    this.head = endOfMessages(bytes, this.i32, this.tail);
  }

  /** SYNC space: pairs with the consumer's store of tail. */
  protected loadTail(): number {
    const tail = loadOrdered(this.i32, this.tailIndex);
    const used = (this.head - tail) | 0;
    if (used < 0 || used > this.most || (used & 7) !== 0) throw corrupted(this.bytes, `the consumer is at ${tail}`);
    return tail;
  }

  /** The last position at which such a record fits, as the consumer stands now. */
  protected limitAnew(record: number): number {
    this.tail = this.loadTail();
    return (this.tail + this.most - record) | 0;
  }

  /** `room` is -1: whether it need not be any more. */
  protected abstract regainRoom(): boolean;

  /** The claim that messages have waited for was committed or given back. */
  protected abstract endAwaitedClaim(): void;

  /** Whether there is room after all. */
  protected hasRoom(record: number): boolean {
    if (this.room < 0 && !this.regainRoom()) return false;
    if (((this.limitAnew(record) - this.head) | 0) >= 0) return true;
    if (this.isCorked) this.publishHeld(); // what is held back could never be read, and the room never come
    this.haveLooked(this.head);
    return false;
  }

  protected choosePublishing(): void {
    this.publishesPlainly = !(this.isCorked || this.isClaimAwaited || this.isAtomic);
  }

  /** The slow ways to set a mark: held back, or by Atomics. */
  protected publish(index: number, mark: number): void {
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
  protected setMark(index: number, mark: number): void {
    if (this.isAtomic) Atomics.store(this.i32, index, mark);
    else this.i32[index] = mark;
    if (hasSleepers(this.i32, this.waitIndex, this.isAtomic)) this.waiter.notify();
  }

  protected publishHeld(): void {
    if (this.heldIndex < 0) return;
    const index = this.heldIndex;
    this.heldIndex = -1;
    this.setMark(index, this.heldMark);
  }

  /**
   * Room for a message of `size` bytes: its byte offset in `u8`, `i32`, `f64` and `view` (a multiple of 8), or -1 when
   * the ring is full. Allocates nothing. Fill it, then `commit()`. A second claim replaces the first, as sending by any
   * other form does. But once a `send` waits for room, it waits for the end of the claim, too, and all others behind it:
   * `abort()` a claim that you do not commit.
   *
   * @throws {RangeError} size is not a whole number up to `maxMessageSize`
   * @throws {IpcError} EBADF after close; EBADMSG the shared indices are corrupted
   */
  claimAt(size: number): number {
    if ((size | 0) !== size || size < 0 || size > this.largest) checkSize(this.bytes, size);
    const record = (size + 15) & ~7; // layout.recordSize, spelled out: this is the hot path
    if (((this.head + record - this.tail) | 0) > this.room && !this.hasRoom(record)) return -1;
    this.claimed = size;
    return (this.dataOffset + (this.head & this.mask) + HEADER) | 0;
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
    const { i32, mask } = this;
    const dataOffset = this.dataOffset | 0;
    const head = this.head | 0;
    const next = (head + ((size + 15) & ~7)) | 0;
    const index = ((dataOffset + (head & mask)) | 0) >> 2;
    i32[((dataOffset + (next & mask)) | 0) >> 2] = 0; // the end of the chain, before anybody can come so far
    this.head = next;
    this.claimed = -1;
    if (this.publishesPlainly) {
      i32[index] = (size + 1) | 0; // setMark, spelled out
      if ((i32[this.waitIndex] & SLEEPERS) !== 0) this.waiter.notify();
    } else {
      this.publish(index, size + 1);
      if (this.isClaimAwaited) this.endAwaitedClaim();
    }
  }

  /** Gives the claimed room back; nothing is sent. */
  abort(): void {
    this.claimed = -1;
    if (this.isClaimAwaited) this.endAwaitedClaim();
  }

  /** Holds messages back until `uncork`, which publishes them at once: several times the throughput for small ones. */
  cork(): void {
    this.isCorked = true;
    this.choosePublishing();
  }

  /** Publishes what was held back, and each message from now on. A full ring publishes on its own. */
  uncork(): void {
    this.isCorked = false;
    this.choosePublishing();
    if (this.isOpen) this.publishHeld();
  }

  /** Position of the next message: bytes since the ring was made, modulo 2 ** 32. It is that message's id. */
  get position(): number {
    return this.head >>> 0;
  }
}
