// LatestValueReader: takes the last complete value, and may wait for a newer one.

import { setImmediate } from "node:timers";
import type { OwnBytes } from "../../sys/copy.ts";
import { errno } from "../../sys/errno.ts";
import { IpcError } from "../../sys/error.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../../sys/inspect.ts";
import { refuseNew } from "../../sys/validate.ts";
import { type AwaitOptions, checkNotAborted, deadlineOf, type WaitOptions } from "../../wait/deadline.ts";
import { LoopTurns } from "../../wait/loop_turns.ts";
import { type IterationOptions, iterate } from "../iteration.ts";
import type { PeerEnd } from "../peer_end.ts";
import type { RingWaiter } from "../ring_waiter.ts";
import type { ValueBuffers } from "./buffers.ts";
import type { ValueType } from "./options.ts";
import { ValueView } from "./view.ts";

/** A busy writer must not keep timers and input waiting. */
const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What a latest value gives to a reader it makes. */
export interface ReaderParts<Value, Given> {
  readonly buffers: ValueBuffers;
  readonly type: ValueType<Value, Given> | undefined;
  readonly end: PeerEnd;
  readonly waiter: RingWaiter;
  /** Runs when the reader is closed. */
  onClose(): void;
}

/**
 * One reader of a latest value; made by `latest.reader()`. There may be any number, in any process.
 *
 * Reading takes the value that was published last, whole, and never waits for the writer: a slow or dead one leaves its
 * last value. `tryNext`, `nextSync` and `next` give only values newer than the one this reader took last; values in
 * between are skipped. Use it from one thread. Only `nextSync` blocks.
 *
 * @example
 * ```ts
 * import { LatestValue } from "@linux-ipc/core";
 * const price = LatestValue.create("/linux-ipc-example-price", { size: 8, unlinkOnClose: true });
 * const writer = price.writer();
 * const reader = price.reader();
 * writer.write(new Float64Array([101.25]));
 * let last = 0;
 * do {
 *   const offset = reader.peekAt(); // in place, without a copy
 *   last = reader.f64[offset / 8];
 * } while (!reader.confirm()); // the writer was faster: once more
 * console.log(last); // 101.25
 * price.close();
 * ```
 */
export class LatestValueReader<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer> extends ValueView<
  Value,
  Given
> {
  readonly #buffers: ValueBuffers;
  readonly #end: PeerEnd;
  readonly #waiter: RingWaiter;
  readonly #turns = new LoopTurns();
  readonly #onClose: () => void;
  readonly #attempt = () => this.#tryToEnd();

  /** Use `latest.reader()`. */
  constructor(parts: ReaderParts<Value, Given>) {
    if (parts?.buffers === undefined) refuseNew(LatestValueReader, "reader() of a LatestValue");
    const { buffers, type, end, waiter, onClose } = parts;
    super(buffers, type);
    this.#buffers = buffers;
    this.#end = end;
    this.#waiter = waiter;
    this.#onClose = onClose;
  }

  #tryToEnd(): Value | undefined {
    const value = this.tryNext();
    if (value !== undefined) return value;
    const { name } = this.#buffers;
    const error = this.#end.error({ syscall: "read", doing: `await the next value of ${name}`, path: name });
    if (error === undefined) return undefined;
    const last = this.tryNext(); // published just before the end
    if (last !== undefined) return last;
    this.#end.tell();
    throw error;
  }

  /** Announcing a sleeper takes a store that the writer sees. */
  #checkWritable(): void {
    const { memory, name } = this.#buffers;
    if (!memory.readOnly) return;
    const hint = "it is open read-only, and the writer could not see that somebody waits; tryNext works";
    throw new IpcError(errno.EACCES, { syscall: "read", doing: `await the next value of ${name}`, path: name, hint });
  }

  /**
   * The next value that is newer than the one taken last, blocking this thread until there is one.
   *
   * @throws {PeerDiedError} the writer died and its last value was taken; told once for each death, the next call waits
   * for its successor
   * @throws {PeerClosedError} the writer has closed and its last value was taken
   * @throws {IpcError} EACCES the memory is open read-only; EDEADLK without a timeout, where the writer is of this thread;
   * otherwise as `tryRead`
   */
  nextSync(options?: WaitOptions & { timeoutMs?: undefined }): Value;
  /** As without a timeout, but undefined after it. */
  nextSync(options: WaitOptions | undefined): Value | undefined;
  /** Bad options are refused before it looks at the value. */
  nextSync(options?: WaitOptions): Value | undefined {
    const deadline = deadlineOf(options, "nextSync");
    this.#checkWritable();
    const value = this.tryNext();
    return value === undefined ? this.#waiter.waitSync(this.#attempt, deadline) : value; // a type may read null
  }

  /**
   * The next value that is newer than the one taken last, as a promise. Calls are served in order. Errors as `nextSync`; an
   * abort rejects with `signal.reason`.
   */
  next(options?: AwaitOptions & { timeoutMs?: undefined }): Promise<Value>;
  /** As without a timeout, but undefined after it; no value is taken then. */
  next(options: AwaitOptions | undefined): Promise<Value | undefined>;
  /** Looks at once only if no earlier call waits: that makes the order. */
  next(options?: AwaitOptions): Promise<Value | undefined> {
    try {
      checkNotAborted(options, "next");
      const turn = this.#turns.due();
      if (turn !== undefined) return turn.then(() => this.next(options));
      this.#checkWritable();
      const value = this.#waiter.isAwaited ? undefined : this.tryNext();
      return value === undefined ? this.#waiter.wait(this.#attempt, options) : Promise.resolve(value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The newest value whenever asked, none twice, until the writer closes, or this reader while it is iterated. A killed
   * writer ends it with PeerDiedError.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Value, void, void> {
    return this.values();
  }

  /** As the reader itself in `for await`; an abort ends the iteration with `signal.reason`, and takes no value. */
  values(options?: IterationOptions): AsyncGenerator<Value, void, void> {
    const [isOpen, isEnded] = [() => this.isOpen, () => this.ended];
    return iterate({ isOpen, isEnded, next: () => this.next(options), pause }, options, "values");
  }

  /** Whether the writer has closed and its last value was taken here. */
  get ended(): boolean {
    return this.isOpen && this.#end.isClosed && (this.isTaken || this.isEmpty);
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
    if (!this.isOpen) return;
    this.shut();
    this.#waiter.close(this.#buffers.closedHere("read"));
    this.#onClose();
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ name: this.#buffers.name, size: this.#buffers.geometry.size, closed: !this.isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
