// Barrier: processes wait for each other, phase by phase; the dead are not waited for.

import { PARTICIPANTS_COUNT } from "../memory/layout.ts";
import type { Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { checkInteger } from "../sys/validate.ts";
import { type AwaitOptions, checkNotAborted, deadlineOf, type WaitOptions } from "../wait/deadline.ts";
import { NotifyingWord } from "../wait/notifying_word.ts";
import type { Waiter } from "../wait/waiter.ts";
import { BarrierMembers, phaseAfter } from "./barrier_members.ts";
import * as layout from "./layout.ts";
import { Share } from "./share.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";

/** What a barrier is made with. */
export interface BarrierOptions {
  /** How many members must be there before the first phase can end; 1 unless said. */
  parties?: number | undefined;
}

/**
 * A barrier between processes. Each `join`s once; a phase ends when every living member has arrived. A member that dies
 * or closes is a member no more.
 *
 * @example
 * ```ts
 * import { Barrier } from "@linux-ipc/core";
 * const barrier = Barrier.create("/linux-ipc-example-barrier", { parties: 1, unlinkOnClose: true });
 * barrier.join();
 * console.log(await barrier.arrive()); // 1
 * console.log(await barrier.arrive()); // 2
 * barrier.close();
 * ```
 */
export class Barrier extends SharedObject {
  /** What a barrier's bytes are. */
  static readonly kind: ObjectKind<BarrierOptions> = {
    letters: "BARR",
    version: layout.VERSION,
    noun: "barrier",
    optionNames: ["parties"],
    size: ({ parties = 1 }) => {
      checkInteger(parties, "parties", 1, PARTICIPANTS_COUNT);
      return layout.BARRIER_SIZE;
    },
    traits: (view) => ({ parties: view.getInt32(layout.BARRIER_PARTIES, true) || 1 }), // 0: over zeros, and nothing said
    fill: ({ parties = 1 }, buffer, base) =>
      new DataView(buffer).setInt32(base + layout.BARRIER_PARTIES, parties, true),
  };

  readonly #words: Int32Array;
  readonly #state: NotifyingWord;
  readonly #members: BarrierMembers;
  readonly #waiter: Waiter;
  /** 1: this object has joined. Its participant is one member, however many of its objects have. */
  readonly #share: Share;

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, Barrier.kind.noun);
    const { memory, base, participants } = placement;
    this.#words = new Int32Array(memory.buffer, base, 4);
    this.#state = new NotifyingWord(memory, base);
    this.#members = new BarrierMembers(memory.buffer, base, participants);
    this.#share = new Share(placement);
    this.#waiter = this.makeWaiter({ allPeers: () => this.#members.look(this.#phase).inTheWay });
  }

  get #phase(): number {
    return Atomics.load(this.#words, layout.BARRIER_PHASE / 4);
  }

  /** Makes this participant a member, from the current phase on. A member stays one. */
  join(): void {
    this.checkOpen("join");
    if (this.#share.count === 0) this.#share.add(1);
    if (this.#members.hasUs) return;
    this.#members.join();
    this.#waiter.notify();
  }

  /** This participant is a member no more, through whichever object it joined; a phase that waited only for us ends. */
  leave(): void {
    this.checkOpen("leave");
    this.#share.remove(this.#share.total);
    this.#strikeOff();
  }

  /** For `close`: the last object of this participant that has joined leaves. */
  protected override abandon(): void {
    if (this.#share.close()) this.#strikeOff();
  }

  /** Strikes this member off, and ends the phase if it waited for nobody else. */
  #strikeOff(): void {
    this.#members.leave();
    this.#endPhase(this.#phase);
    this.#waiter.notify();
  }

  /** Ends the phase if everybody is there; whether it is over. */
  #endPhase(phase: number): boolean {
    if (this.#phase !== phase) return true;
    if (!this.#members.areAllAt(phase)) return false;
    this.#state.change((found) => (found === phase ? phaseAfter(phase) : undefined));
    return true;
  }

  #arrive(): () => number | undefined {
    this.checkOpen("arrive at");
    if (!this.#members.hasUs) throw this.refusal(errno.EPERM, "arrive at", "join it first");
    const phase = this.#phase;
    this.#members.arriveAt(phase);
    return () => {
      this.checkOpen("arrive at"); // closed while a turn of the loop put us off
      if (this.#endPhase(phase)) return phaseAfter(phase);
      if (!this.#members.hasUs) throw this.refusal(errno.EPERM, "arrive at", "it was left meanwhile");
      return undefined;
    };
  }

  /**
   * Arrives, and blocks this thread until all others have; the number of the phase.
   *
   * @throws {IpcError} EPERM this participant is no member; EBADMSG somebody has cut the file; EBADF after close
   */
  arriveSync(options?: WaitOptions & { timeoutMs?: undefined }): number;
  /** As without a timeout, but undefined after it; we have arrived all the same. */
  arriveSync(options: WaitOptions | undefined): number | undefined;
  /** Arrives only with good options. */
  arriveSync(options?: WaitOptions): number | undefined {
    deadlineOf(options, "arriveSync");
    return this.blocking(this.#waiter, "arriveSync", this.#arrive(), options);
  }

  /**
   * Arrives, and resolves when all others have: the number of the phase. An abort rejects with `signal.reason`, after we
   * have arrived; leaving meanwhile with EPERM. Errors as `arriveSync`.
   */
  arrive(options?: AwaitOptions & { timeoutMs?: undefined }): Promise<number>;
  /** As without a timeout, but undefined after it; we have arrived all the same. */
  arrive(options: AwaitOptions | undefined): Promise<number | undefined>;
  /** Arrives only with good options. */
  arrive(options?: AwaitOptions): Promise<number | undefined> {
    try {
      checkNotAborted(options, "arrive");
      return this.awaiting(this.#waiter, "arrive", this.#arrive(), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
