// Guards of a reader-writer lock: possession for reading or for writing, until unlock.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { checkOptions } from "../sys/validate.ts";
import type { AwaitOptions } from "../wait/deadline.ts";
import type { Recovered } from "./recovery.ts";

function usedUp(): IpcError {
  return new IpcError(errno.EPERM, { syscall: "unlock", doing: "unlock twice", hint: "the guard was used up" });
}

/** Possession of a lock alone, until `unlock`. */
export class WriteGuard {
  /** Set when the writer before died in possession: repair, then call `repaired`. */
  readonly recovered: Recovered | undefined;
  #release: ((reason: string | undefined) => void) | undefined;
  #isRepaired: boolean;

  /** Use `lock.write()`. */
  constructor(recovered: Recovered | undefined, release: (reason: string | undefined) => void) {
    this.recovered = recovered;
    this.#release = release;
    this.#isRepaired = recovered === undefined;
  }

  /** What the lock protects is sound again. */
  repaired(): void {
    this.#isRepaired = true;
  }

  /**
   * Gives the lock back. After a recovery without `repaired()` nobody can take it any more: `unrecoverable` says why.
   *
   * @throws {IpcError} EPERM this guard has been unlocked already
   */
  unlock(options?: { unrecoverable?: string }): void {
    checkOptions(options, ["unrecoverable"], "unlock");
    const release = this.#release;
    if (release === undefined) throw usedUp();
    this.#release = undefined;
    const silence = this.#isRepaired ? undefined : "its writer died and the next holder did not repair";
    release(options?.unrecoverable ?? silence);
  }

  /** Gives the lock back, unless that was done. */
  [Symbol.dispose](): void {
    if (this.#release !== undefined) this.unlock();
  }
}

/** Possession of a lock together with other readers, until `unlock`. */
export class ReadGuard {
  #leave: (() => void) | undefined;
  readonly #upgrade: (options: AwaitOptions | undefined) => Promise<WriteGuard | undefined>;
  readonly #tryUpgrade: () => WriteGuard | undefined;
  #alone: WriteGuard | undefined;

  /** Use `lock.read()`. */
  constructor(
    leave: () => void,
    upgrade: (options: AwaitOptions | undefined) => Promise<WriteGuard | undefined>,
    tryUpgrade: () => WriteGuard | undefined,
  ) {
    this.#leave = leave;
    this.#upgrade = upgrade;
    this.#tryUpgrade = tryUpgrade;
  }

  /** A reader that found a dead writer: it has the lock alone. */
  static alone(writer: WriteGuard): ReadGuard {
    const itself = () => writer;
    const guard = new ReadGuard(
      () => writer[Symbol.dispose](),
      () => Promise.resolve(writer),
      itself,
    );
    guard.#alone = writer;
    return guard;
  }

  /** Set when the writer before died in possession. This guard then holds the lock alone: repair, then `repaired`. */
  get recovered(): Recovered | undefined {
    return this.#alone?.recovered;
  }

  /** What the lock protects is sound again. */
  repaired(): void {
    this.#alone?.repaired();
  }

  /** Becomes a writer, if no other reader or writer is there; undefined: it still reads. Uses the guard up if it does. */
  tryUpgrade(): WriteGuard | undefined {
    if (this.#leave === undefined) throw usedUp();
    const writer = this.#tryUpgrade();
    if (writer !== undefined) this.#leave = undefined;
    return writer;
  }

  /**
   * Becomes a writer when the other readers have left; undefined after the timeout, or at once when a writer already
   * waits (for us too: unlock, and lock for writing). Uses the guard up if it does; unlocking meanwhile is EPERM.
   */
  async upgrade(options?: AwaitOptions): Promise<WriteGuard | undefined> {
    const leave = this.#leave;
    if (leave === undefined) throw usedUp();
    this.#leave = undefined; // an unlock meanwhile would leave twice
    let writer: WriteGuard | undefined;
    try {
      writer = await this.#upgrade(options);
    } finally {
      if (writer === undefined) this.#leave = leave;
    }
    return writer;
  }

  /**
   * Leaves.
   *
   * @throws {IpcError} EPERM this guard has been unlocked already
   */
  unlock(): void {
    const leave = this.#leave;
    if (leave === undefined) throw usedUp();
    this.#leave = undefined;
    leave();
  }

  /** Leaves, unless that was done. */
  [Symbol.dispose](): void {
    if (this.#leave !== undefined) this.unlock();
  }
}
