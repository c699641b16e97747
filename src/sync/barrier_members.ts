// BarrierMembers: who has joined a barrier, and who has arrived; the dead are struck off.

import { PARTICIPANTS_COUNT } from "../memory/layout.ts";
import type { Participants } from "../memory/participants.ts";
import * as layout from "./layout.ts";

/** After 2 ** 31 - 1 comes 1: 0 is the phase that waits for the parties, and what stands for "arrived nowhere". */
export const phaseAfter = (phase: number) => (Math.max(phase, 0) % (2 ** 31 - 1)) + 1;

/** The members as one of the participants sees them. */
export class BarrierMembers {
  readonly #parties: Int32Array;
  /** Generation of the member in each slot, 0 = none. */
  readonly #members: Int32Array;
  readonly #arrived: Int32Array;
  readonly #participants: Participants;
  readonly #slot: number;
  readonly #generation: number;

  constructor(buffer: ArrayBuffer, base: number, participants: Participants) {
    this.#parties = new Int32Array(buffer, base + layout.BARRIER_PARTIES, 1);
    this.#members = new Int32Array(buffer, base + layout.BARRIER_MEMBERS, PARTICIPANTS_COUNT);
    this.#arrived = new Int32Array(buffer, base + layout.BARRIER_ARRIVED, PARTICIPANTS_COUNT);
    this.#participants = participants;
    const owner = participants.join();
    this.#slot = (owner & 1023) - 1;
    this.#generation = owner >>> 10;
  }

  /** Whether this participant is one. */
  get hasUs(): boolean {
    return Atomics.load(this.#members, this.#slot) === this.#generation;
  }

  join(): void {
    Atomics.store(this.#arrived, this.#slot, 0);
    Atomics.store(this.#members, this.#slot, this.#generation);
  }

  leave(): void {
    Atomics.compareExchange(this.#members, this.#slot, this.#generation, 0);
  }

  arriveAt(phase: number): void {
    Atomics.store(this.#arrived, this.#slot, phaseAfter(phase));
  }

  /**
   * Whether all that the phase waits for have arrived. One who was counted may have left or died before the others were
   * looked at, and the first phase waits for its parties at one time: they are there if a second look finds the same.
   */
  areAllAt(phase: number): boolean {
    const { members, inTheWay } = this.look(phase);
    if (inTheWay !== undefined) return false;
    if (phase > 0) return true; // it waits for no number of members
    const again = this.look(phase);
    return again.inTheWay === undefined && again.members.join() === members.join();
  }

  /** The owner ids of the living members, and whose arrival or death may end the phase; undefined: nobody's, it can end. */
  look(phase: number): { members: number[]; inTheWay: number[] | undefined } {
    const members: number[] = [];
    const missing: number[] = [];
    for (let slot = 0; slot < PARTICIPANTS_COUNT; slot++) {
      const owner = this.#memberIn(slot);
      if (owner === 0) continue;
      members.push(owner);
      if (Atomics.load(this.#arrived, slot) !== phaseAfter(phase)) missing.push(owner);
    }
    // the first phase waits for the parties, alive; a barrier without members has nobody to let through
    const needed = phase > 0 ? 1 : Atomics.load(this.#parties, 0);
    return { members, inTheWay: missing.length > 0 || members.length < needed ? missing : undefined };
  }

  /** The owner id of the living member in a slot, or 0; who is dead is struck off. */
  #memberIn(slot: number): number {
    const generation = Atomics.load(this.#members, slot);
    if (generation === 0) return 0;
    const owner = (generation << 10) | (slot + 1);
    if (!this.#participants.isFoundDead(owner)) return owner;
    Atomics.compareExchange(this.#members, slot, generation, 0);
    return 0;
  }
}
