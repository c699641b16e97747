// SpscProducer: the sending side of a ring. What is sent at once, what waits for room, and batches.

import { asBytes, checkFunction, checkInteger } from "../../sys/validate.ts";
import { type AwaitOptions, checkNotAborted, deadlineOf, type WaitOptions } from "../../wait/deadline.ts";
import { Queue } from "../../wait/queue.ts";
import * as layout from "./layout.ts";
import { MESSAGE_HEADER } from "./layout.ts"; // by name: JavaScriptCore does not look through a namespace
import { RingRoom } from "./room.ts";
import { attemptOn, checkSize, closedHere, fillingHere, lostError } from "./side.ts";

/** A batch begins with a look for room when there is less than for so many of its messages; otherwise it ends with it. */
const FEW = 64;
const ENDLESS = 0x7fffffff;
/** What `room` says while a batch is filled. */
const FILLING = -2;
const HEADER = MESSAGE_HEADER; // V8 folds no constant that is exported

/** A message that waits for room. */
interface PendingMessage {
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal | undefined;
  isSent: boolean;
}

/**
 * The one sender of a ring; made by `ring.producer()`.
 *
 * A message is committed once `commit`, `send` or `trySend` has returned (or `uncork`, while corked), and from then on
 * survives this process. Use it from one thread. Only the forms ending in `Sync` block.
 */
export class SpscProducer extends RingRoom {
  /** Messages that `send` could not send at once, in order. */
  private readonly pending = new Queue<PendingMessage>();

  /** Sends what waits for room first: order is promised. Whether nothing waits any more. */
  protected override regainRoom(): boolean {
    if (!this.isOpen) throw closedHere(this.bytes, "send");
    if (this.room === FILLING) throw fillingHere(this.bytes);
    const { size } = this.pending;
    this.servePending();
    if (this.pending.size < size) this.renew(); // so that those who wait are told
    return this.pending.size === 0;
  }

  /** Sends what waits, in order, as far as there is room; nothing while the room is claimed. */
  private servePending(): void {
    const { pending } = this;
    if (pending.size > 0 && this.claimed >= 0) return;
    this.room = this.most;
    try {
      for (let message = pending.first; message !== undefined; message = pending.first) {
        if (!message.signal?.aborted) {
          if (!this.trySend(message.bytes)) break;
          message.isSent = true;
        }
        pending.shift();
      }
    } finally {
      if (pending.size > 0) this.room = -1;
    }
  }

  /** What has waited behind a claim is sent now: nobody else would tell it to look. */
  protected override endAwaitedClaim(): void {
    this.isClaimAwaited = false;
    this.choosePublishing();
    if (this.pending.size > 0) this.regainRoom();
  }

  /**
   * Sends a copy, if there is room; false when the ring is full. Never waits.
   *
   * @throws {TypeError} not bytes, or gone: their buffer was transferred
   * @throws {RangeError} larger than `maxMessageSize`
   * @throws {IpcError} EBADF after close; EBADMSG the shared indices are corrupted
   */
  trySend(data: ArrayBufferView | ArrayBuffer): boolean {
    const bytes = data instanceof Uint8Array && data.length > 0 ? data : asBytes(data, "a message");
    const length = this.copy.lengthOf(bytes);
    const offset = this.claimAt(length);
    if (offset < 0) return false;
    this.copy.in(bytes, offset, length);
    this.commit();
    return true;
  }

  private attempt(bytes: Uint8Array): true | undefined {
    return this.unlessEnded(() => this.trySend(bytes));
  }

  private attemptInTurn(message: PendingMessage): true | undefined {
    return this.unlessEnded(() => {
      if (!message.isSent) this.servePending();
      return message.isSent;
    });
  }

  /** Throws where there is no room and nobody will make any. */
  private unlessEnded(isSent: () => boolean): true | undefined {
    if (isSent()) return true;
    const end = this.peer.error(attemptOn(this.bytes, "send"));
    const error = end ?? lostError(this.bytes);
    if (error === undefined) return undefined;
    if (end !== undefined && isSent()) return true; // the consumer made room just before its end
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
    if (this.trySend(bytes)) return true;
    return this.waiter.waitSync(() => this.attempt(bytes), deadline) ?? false;
  }

  /**
   * Sends a copy, awaiting room; false after the timeout. Calls are served in order; while one waits, the other forms send
   * its message first, and have no room before it. Do not change the bytes before the promise settles. Errors as
   * `sendSync`; an abort rejects with `signal.reason`.
   */
  send(data: ArrayBufferView | ArrayBuffer, options?: AwaitOptions): Promise<boolean> {
    try {
      checkNotAborted(options, "send");
      const bytes = asBytes(data, "a message");
      checkSize(this.bytes, bytes.length);
      if (this.pending.size === 0 && this.trySend(bytes)) return this.answer(true);
      return this.sendInTurn(bytes, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** It may be sent by any call that looks for room, before its own wait comes to look. */
  private async sendInTurn(bytes: Uint8Array, options: AwaitOptions | undefined): Promise<boolean> {
    const message: PendingMessage = { bytes, signal: options?.signal, isSent: false };
    this.pending.add(message);
    this.room = -1;
    this.isClaimAwaited = this.claimed >= 0;
    this.choosePublishing();
    try {
      await this.wait(() => this.attemptInTurn(message), options);
    } catch (error) {
      if (!message.isSent) throw error;
    } finally {
      const before = message.isSent ? -1 : this.pending.remove(message);
      if (before === 0 && this.isOpen) this.renew(); // a smaller one behind it may find room
    }
    return message.isSent;
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
    const record = layout.recordSize(size) | 0;
    let mayLook = true;
    if (((this.head - this.tail) | 0) + record * Math.min(count, FEW) > this.room) {
      this.hasRoom(record);
      if (this.room < 0) return 0; // others wait for it
      mayLook = false;
    }
    const { i32, room } = this;
    const dataOffset = this.dataOffset | 0; // "| 0": V8 keeps 32 bits in a register, and checks no overflow
    const mask = this.mask | 0;
    const mark = (size + 1) | 0;
    const most = Math.min(count, ENDLESS) | 0;
    const first = this.head | 0;
    let limit = (this.tail + room - record) | 0;
    let index = 0;
    this.claimed = -1;
    this.room = FILLING;
    try {
      while (index < most && this.room === FILLING) {
        const head = (first + Math.imul(index, record)) | 0;
        const left = (limit - head) | 0;
        if (left < 0) {
          if (!mayLook) break;
          mayLook = false; // once: it takes a cache line from the consumer
          limit = this.limitAnew(record);
          continue;
        }
        // Those that fit, up to where the ring begins anew: a loop on few variables, since each that V8 keeps in memory is
        // one store more, in front of which those to the ring have to wait.
        const start = head & mask;
        const fitting = Math.min(left, (mask - start) | 0);
        const end = Math.min(most, (index + 1 + ((fitting / record) | 0)) | 0) | 0;
        let at = (dataOffset + start) | 0;
        for (; index < end; index = (index + 1) | 0) {
          write((at + HEADER) | 0, index);
          if (this.room !== FILLING) break; // it has closed us: a successor may be at work here
          if (index > 0) i32[at >> 2] = mark; // out of reach until the first one's mark is set
          at = (at + record) | 0;
        }
      }
    } finally {
      if (this.isOpen) {
        const head = (first + Math.imul(index, record)) | 0;
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

  /** Ends the stream: the consumer reads what was committed, then sees the end. Closing twice is fine. */
  override close(): void {
    if (!this.isOpen) return;
    this.publishHeld();
    this.isOpen = false;
    this.room = -1;
    this.claimed = -1;
    this.isClaimAwaited = false;
    this.pending.clear(); // before those who wait are told: whoever sends meanwhile is closed out, too
    this.own.release();
    this.waiter.notify();
    this.waiter.close(closedHere(this.bytes, "send"));
    this.onClose();
  }
}
