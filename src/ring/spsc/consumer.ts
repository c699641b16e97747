// SpscConsumer: the receiving side of a ring. Copies, waits and iteration.

import type { OwnBytes } from "../../sys/copy.ts";
import { type AwaitOptions, checkNotAborted, deadlineOf, type WaitOptions } from "../../wait/deadline.ts";
import { type IterationOptions, iterate } from "../iteration.ts";
import { checkForeignArray, NOWHERE, refuseTarget } from "../mapped_copy.ts";
import { lengthAt } from "./chain.ts";
import { MESSAGE_HEADER } from "./layout.ts"; // by name: JavaScriptCore does not look through a namespace
import { attemptOn, closedHere, lostError } from "./side.ts";
import { RingTaking } from "./taking.ts";

/**
 * The one receiver of a ring; made by `ring.consumer()`.
 *
 * A message is acknowledged by asking for the next one (or by `release`, by the return of a `drain` handler, by
 * `close`). A consumer that is killed loses nothing: its successor starts at the last acknowledgement that was published,
 * and `position` tells which message that is. Acknowledgements are published at the end of a drain, when there is nothing
 * more to read, and after an eighth of the capacity: so much may come again. Use it from one thread. Only the forms ending
 * in `Sync` block.
 */
export class SpscConsumer extends RingTaking {
  /**
   * A copy of the next message, or undefined when there is none. Never waits.
   *
   * @throws {IpcError} EBADF after close; EBADMSG the shared bytes are corrupted
   */
  tryReceive(): OwnBytes | undefined {
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
    if (!(target instanceof Uint8Array)) checkForeignArray(target);
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

  private attempt(): OwnBytes | undefined {
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
   * A copy of the next message, blocking this thread until there is one.
   *
   * @throws {PeerDiedError} the producer died and everything it had committed was received; told once for each death,
   * the next call waits for its successor (a new consumer is told, too, of who died before it came)
   * @throws {PeerClosedError} the producer has closed and everything was received
   * @throws {IpcError} EDEADLK without a timeout, where the producer is of this thread; otherwise as `tryReceive`
   */
  receiveSync(options?: WaitOptions & { timeoutMs?: undefined }): OwnBytes;
  /** As without a timeout, but undefined after it. */
  receiveSync(options: WaitOptions | undefined): OwnBytes | undefined;
  /** Bad options are refused before it looks at the ring. */
  receiveSync(options?: WaitOptions): OwnBytes | undefined {
    const deadline = deadlineOf(options, "receiveSync");
    return this.tryReceive() ?? this.waiter.waitSync(() => this.attempt(), deadline);
  }

  /**
   * A copy of the next message, as a promise. Calls are served in order. Errors as `receiveSync`; an abort rejects with
   * `signal.reason` and takes no message.
   */
  receive(options?: AwaitOptions & { timeoutMs?: undefined }): Promise<OwnBytes>;
  /** As without a timeout, but undefined after it; no message is taken then. */
  receive(options: AwaitOptions | undefined): Promise<OwnBytes | undefined>;
  /** Looks at once only if no earlier call waits: that makes the order. */
  receive(options?: AwaitOptions): Promise<OwnBytes | undefined> {
    try {
      checkNotAborted(options, "receive");
      const message = this.waiter.isAwaited ? undefined : this.tryReceive();
      return message === undefined ? this.wait(() => this.attempt(), options) : this.answer(message);
    } catch (error) {
      return Promise.reject(error);
    }
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
  [Symbol.asyncIterator](): AsyncGenerator<OwnBytes, void, void> {
    return this.messages();
  }

  /** As the consumer itself in `for await`; an abort ends the iteration with `signal.reason`, and takes no message. */
  messages(options?: IterationOptions): AsyncGenerator<OwnBytes, void, void> {
    const [isOpen, isEnded] = [() => this.isOpen, () => this.ended];
    return iterate({ isOpen, isEnded, next: () => this.receive(options) }, options, "messages");
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
