// Once: something that exactly one process does to its end; one that dies at it is replaced.

import type { Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { checkFunction } from "../sys/validate.ts";
import { type AwaitOptions, deadlineOf, type WaitOptions } from "../wait/deadline.ts";
import type { Waiter } from "../wait/waiter.ts";
import * as layout from "./layout.ts";
import { BUSY, LockWord } from "./lock_word.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";

/** An async function has only begun when it returns; TypeScript takes it where nothing is to be returned. */
function demandDone(returned: unknown): void {
  if (typeof (returned as PromiseLike<unknown> | undefined)?.then !== "function") return;
  Promise.resolve(returned).catch(() => {}); // nobody will look at it, and an unhandled rejection ends the process
  throw new TypeError("runSync takes a function that is done when it returns, not an async one: use run");
}

/**
 * Runs an initialisation once among all processes. The others wait until it is done; if its process dies or the function
 * throws, the next one does it.
 *
 * @example
 * ```ts
 * import { Once } from "@linux-ipc/core";
 * const once = Once.create("/linux-ipc-example-once", { unlinkOnClose: true });
 * console.log(await once.run(() => {})); // true
 * console.log(await once.run(() => {})); // false
 * once.close();
 * ```
 */
export class Once extends SharedObject {
  /** What a once's bytes are. */
  static readonly kind: ObjectKind<object> = {
    letters: "ONCE",
    version: layout.VERSION,
    noun: "once",
    optionNames: [],
    size: () => layout.ONCE_SIZE,
  };

  readonly #words: Int32Array;
  readonly #word: LockWord;
  readonly #waiter: Waiter;
  #isAtIt = false;
  /** "done" or "mine" (to do it), or undefined while somebody else is at it. */
  readonly #attempt = (): "done" | "mine" | undefined => {
    if (this.isDone) return "done";
    if (this.#word.tryAcquire() === BUSY) return undefined;
    if (!this.isDone) {
      this.#isAtIt = true;
      return "mine";
    }
    this.#word.release();
    return "done";
  };

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, Once.kind.noun);
    const { memory, participants, base } = placement;
    this.#words = new Int32Array(memory.buffer, base, 2);
    this.#word = new LockWord(memory, layout.lockAt(base), participants);
    this.#waiter = this.makeLockWaiter(this.#word);
  }

  /** Whether it has been done. What the initialiser wrote is visible to who sees true. */
  get isDone(): boolean {
    this.checkOpen("read");
    return Atomics.load(this.#words, layout.ONCE_DONE / 4) === 1; // SYNC once
  }

  /** SYNC once. Closed meanwhile: it passed on as from the dead, and somebody else does it. Cut meanwhile: nobody knows. */
  #finish(): void {
    this.#isAtIt = false;
    this.checkOpen("finish");
    Atomics.store(this.#words, layout.ONCE_DONE / 4, 1);
    if (!this.#word.release()) throw this.refusal(errno.EPERM, "finish", "somebody else is at it");
  }

  #giveUp(): void {
    this.#isAtIt = false;
    if (this.isOpen) this.#word.release();
  }

  /** For `close` while an initialiser runs here: the next one does it, from the beginning. */
  protected override abandon(): void {
    if (this.#isAtIt) this.#word.release();
  }

  /**
   * Runs `initialise` unless it has been done, blocking while another process is at it; whether it ran here. After the
   * timeout that is false too, and `isDone` as well.
   *
   * @throws {TypeError} it returned a promise, and so it is not done: the next one does it
   * @throws {IpcError} EDEADLK this participant is at it, by whichever object; EBADF after close, or closed meanwhile;
   * EBADMSG somebody has cut the file meanwhile
   */
  runSync(initialise: () => void, options?: WaitOptions): boolean {
    this.checkOpen("run");
    checkFunction(initialise, "initialise");
    deadlineOf(options, "runSync"); // refused also where it would be EDEADLK
    if (this.#word.isMine) throw this.error(errno.EDEADLK, "run", "this process is at it");
    if (this.blocking(this.#waiter, "runSync", this.#attempt, options) !== "mine") return false;
    try {
      demandDone(initialise());
    } catch (error) {
      this.#giveUp();
      throw error;
    }
    this.#finish();
    return true;
  }

  /**
   * Runs `initialise` unless it has been done, awaiting another process that is at it; whether it ran here. After the
   * timeout that is false too, and `isDone` as well. An abort rejects with `signal.reason`, unless it ran already.
   * EBADF and EBADMSG as `runSync`.
   */
  async run(initialise: () => void | Promise<void>, options?: AwaitOptions): Promise<boolean> {
    checkFunction(initialise, "initialise");
    if ((await this.awaiting(this.#waiter, "run", this.#attempt, options)) !== "mine") return false;
    this.checkOpen("run"); // closed before we could begin: it has passed on
    try {
      await initialise();
    } catch (error) {
      this.#giveUp();
      throw error;
    }
    this.#finish();
    return true;
  }
}
