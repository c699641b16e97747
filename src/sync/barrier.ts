// Barrier: processes wait for each other, phase by phase; the dead are not waited for.

import { PARTICIPANTS_COUNT } from "../memory/layout.ts";
import type { Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { checkInteger } from "../sys/validate.ts";
import { type AwaitOptions, checkAwaitOptions, deadlineOf, type WaitOptions } from "../wait/deadline.ts";
import { NotifyingWord } from "../wait/notifying_word.ts";
import type { Waiter } from "../wait/waiter.ts";
import * as layout from "./layout.ts";
import { isOwnerDead } from "./lock_word.ts";
import { Share } from "./share.ts";
import { type ObjectKind, SharedObject } from "./shared_object.ts";

/** After 2 ** 31 - 1 comes 1: 0 is the phase that waits for the parties, and what stands for "arrived nowhere". */
const phaseAfter = (phase: number) => (Math.max(phase, 0) % (2 ** 31 - 1)) + 1;

/** What a barrier is made with. */
export interface BarrierOptions {
  /** How many members must be there before the first phase can end; 1 unless said. */
  parties?: number;
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
    fill: ({ parties = 1 }, buffer, base) =>
      new DataView(buffer).setInt32(base + layout.BARRIER_PARTIES, parties, true),
  };

  readonly #words: Int32Array;
  /** Generation of the member in each slot, 0 = none. */
  readonly #members: Int32Array;
  readonly #arrived: Int32Array;
  readonly #state: NotifyingWord;
  readonly #slot: number;
  readonly #generation: number;
  readonly #waiter: Waiter;
  /** 1: this object has joined. Its participant is one member, however many of its objects have. */
  readonly #share: Share;

  /** Use `create`, `open`, `openOrCreate` or `over`. */
  constructor(placement: Placement) {
    super(placement, Barrier.kind.noun);
    const { memory, base, participants } = placement;
    this.#words = new Int32Array(memory.buffer, base, 4);
    this.#state = new NotifyingWord(memory, base);
    this.#members = new Int32Array(memory.buffer, base + layout.BARRIER_MEMBERS, PARTICIPANTS_COUNT);
    this.#arrived = new Int32Array(memory.buffer, base + layout.BARRIER_ARRIVED, PARTICIPANTS_COUNT);
    const owner = participants.join();
    this.#slot = (owner & 1023) - 1;
    this.#generation = owner >>> 10;
    this.#share = new Share(placement);
    this.#waiter = this.makeWaiter({ allPeers: () => this.#inTheWay() });
  }

  get #phase(): number {
    return Atomics.load(this.#words, layout.BARRIER_PHASE / 4);
  }

  get #isMember(): boolean {
    return Atomics.load(this.#members, this.#slot) === this.#generation;
  }

  /** Makes this participant a member, from the current phase on. A member stays one. */
  join(): void {
    this.checkOpen("join");
    if (this.#share.count === 0) this.#share.add(1);
    if (this.#isMember) return;
    Atomics.store(this.#arrived, this.#slot, 0);
    Atomics.store(this.#members, this.#slot, this.#generation);
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
    Atomics.compareExchange(this.#members, this.#slot, this.#generation, 0);
    this.#endPhase(this.#phase);
    this.#waiter.notify();
  }

  /** The owner ids of living members that have not arrived in this phase. Dead ones are struck off. */
  #missing(): number[] {
    const goal = phaseAfter(this.#phase);
    const owners: number[] = [];
    for (let slot = 0; slot < PARTICIPANTS_COUNT; slot++) {
      const generation = Atomics.load(this.#members, slot);
      if (generation === 0 || Atomics.load(this.#arrived, slot) === goal) continue;
      if (this.#isDead(slot, generation)) Atomics.compareExchange(this.#members, slot, generation, 0);
      else owners.push((generation << 10) | (slot + 1));
    }
    return owners;
  }

  #isDead(slot: number, generation: number): boolean {
    return isOwnerDead(this.placement.participants, (generation << 10) | (slot + 1));
  }

  /** Whose arrival or death may end the phase; undefined: nobody's, it can end. Parties that have not joined wake us. */
  #inTheWay(): number[] | undefined {
    const missing = this.#missing();
    return missing.length > 0 || !this.#hasEnough(this.#phase) ? missing : undefined;
  }

  /** The first phase waits for the parties, alive; a barrier without members has nobody to let through. */
  #hasEnough(phase: number): boolean {
    const isThere = (generation: number, slot: number) => generation !== 0 && !this.#isDead(slot, generation);
    const joined = this.#members.reduce((count, word, slot) => count + (isThere(word, slot) ? 1 : 0), 0);
    return joined >= (phase > 0 ? 1 : Atomics.load(this.#words, layout.BARRIER_PARTIES / 4));
  }

  /** Ends the phase if everybody is there; whether it is over. */
  #endPhase(phase: number): boolean {
    if (this.#phase !== phase) return true;
    if (this.#missing().length > 0 || !this.#hasEnough(phase)) return false;
    this.#state.change((found) => (found === phase ? phaseAfter(phase) : undefined));
    return true;
  }

  #arrive(): () => number | undefined {
    this.checkOpen("arrive at");
    if (!this.#isMember) throw this.error(errno.EPERM, "arrive at", "join it first");
    const phase = this.#phase;
    Atomics.store(this.#arrived, this.#slot, phaseAfter(phase));
    return () => {
      if (this.#endPhase(phase)) return phaseAfter(phase);
      if (!this.#isMember) throw this.error(errno.EPERM, "arrive at", "it was left meanwhile");
      return undefined;
    };
  }

  /**
   * Arrives, and blocks this thread until all others have; the number of the phase.
   *
   * @throws {IpcError} EPERM this participant is no member; EBADF after close
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
      checkAwaitOptions(options, "arrive");
      options?.signal?.throwIfAborted();
      return this.awaiting(this.#waiter, "arrive", this.#arrive(), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
