// Roles: at most one live participant is a ring's producer, and one its consumer. A dead one's role is free at once.

import type { Participants } from "../memory/participants.ts";
import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { loadOrdered } from "../sys/ordering.ts";
import { STATE_CLOSED, STATE_OPEN } from "./layout.ts";

/** Which words of the ring belong to a role, as offsets from the ring's start. */
export interface RoleWords {
  readonly noun: "producer" | "consumer" | "writer";
  readonly role: number;
  readonly state: number;
  readonly candidate: number;
}

/**
 * One role word of one ring. SYNC role: taking it is one compare-exchange, so there is no instant between. Who is about to
 * take it says so first, and wakes the other side: a sleeper that did not know of it would miss its death.
 */
export class Role {
  readonly #words: Int32Array;
  readonly #role: number;
  readonly #state: number;
  readonly #candidate: number;
  readonly #noun: string;
  readonly #participants: Participants;
  /** The id that took it: the participants may have left since, and come back under another one. */
  #holder = 0;
  /** Whose it was before, and how that one left it. */
  #before = 0;
  #stateBefore = STATE_OPEN;

  constructor(words: Int32Array, base: number, which: RoleWords, participants: Participants) {
    this.#words = words;
    this.#role = (base + which.role) / 4;
    this.#state = (base + which.state) / 4;
    this.#candidate = (base + which.candidate) / 4;
    this.#noun = which.noun;
    this.#participants = participants;
  }

  /** The owner id of who holds or last held it; 0 = free. */
  get owner(): number {
    return loadOrdered(this.#words, this.#role);
  }

  /**
   * Whom to watch, when the death of `told` has been told: the holder, or who is about to become it; 0 = nobody. The
   * candidate is looked for first: who takes the role is found there before, and as the holder behind.
   */
  watched(told: number): number {
    const candidate = loadOrdered(this.#words, this.#candidate);
    const { owner } = this;
    if (owner !== 0 && owner !== told) return owner;
    return candidate === 0 || this.isDead(candidate) ? 0 : candidate;
  }

  /** Whether its last holder has closed in order, and nobody has taken it since. */
  get isClosed(): boolean {
    return this.owner === 0 && loadOrdered(this.#words, this.#state) === STATE_CLOSED;
  }

  /** Whether a holder of this id is dead. */
  isDead(owner: number): boolean {
    return this.#participants.isFoundDead(owner);
  }

  pidOf(owner: number): number {
    return this.#participants.pidOf(owner);
  }

  /**
   * Takes the role; `notify` wakes the other side. Throws EBUSY while a live participant has it, this process included.
   */
  take(ringName: string, notify: () => void): void {
    const me = this.#participants.join();
    try {
      this.#replace(ringName, me, notify);
    } finally {
      Atomics.compareExchange(this.#words, this.#candidate, me, 0);
      notify(); // whoever watches over the candidate looks again
    }
  }

  /** Before each attempt: another one may have put its id in the place of ours, and taken it out again. */
  #announce(me: number, notify: () => void): void {
    if (loadOrdered(this.#words, this.#candidate) === me) return;
    Atomics.store(this.#words, this.#candidate, me);
    notify();
  }

  #replace(ringName: string, me: number, notify: () => void): void {
    for (let owner = this.owner; ; owner = this.owner) {
      if (owner !== 0 && !this.#participants.isProvenDead(owner)) {
        const isOurs = this.#participants.isOfThisThread(owner);
        const holder = isOurs ? "this process" : `process ${this.#participants.pidOf(owner)}`;
        const hint = `${holder} is the ${this.#noun}${isOurs ? " already" : ", and it lives"}`;
        throw new IpcError(errno.EBUSY, {
          syscall: "attach",
          doing: `become the ${this.#noun} of ${ringName}`,
          path: ringName,
          hint,
        });
      }
      this.#before = owner;
      this.#announce(me, notify);
      if (Atomics.compareExchange(this.#words, this.#role, owner, me) === owner) break;
    }
    this.#holder = me;
    this.#stateBefore = loadOrdered(this.#words, this.#state);
    Atomics.store(this.#words, this.#state, STATE_OPEN);
  }

  /**
   * Closes in order: first the state, then the role, so that a death in between still looks like one. A role that has
   * passed on, because the participants have left meanwhile, is its successor's.
   */
  release(): void {
    if (this.owner !== this.#holder) return;
    this.#leave(STATE_CLOSED, 0);
  }

  /**
   * Gives back, as it was found, a role that could not be used after all: that is no orderly end, and if its holder before
   * has died, that death may still have to be told. `notify` wakes the other side, which has seen us as the holder.
   */
  giveUp(notify: () => void): void {
    if (this.owner !== this.#holder) return;
    this.#leave(this.#stateBefore, this.#before);
    notify();
  }

  #leave(state: number, owner: number): void {
    Atomics.store(this.#words, this.#state, state);
    Atomics.compareExchange(this.#words, this.#role, this.#holder, owner);
  }
}
