// BarrierMembers: who has joined a barrier, and who has arrived; the dead are struck off.

import { PARTICIPANTS_COUNT } from "../memory/layout.ts";
import type { Participants } from "../memory/participants.ts";
import * as layout from "./layout.ts";
import { isOwnerDead } from "./lock_word.ts";

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
   * Whether all that the phase waits for have arrived. The parties are counted first: one that joined behind the look at
   * who is missing would be counted, and not be waited for.
   */
  areAllAt(phase: number): boolean {
    return this.hasEnough(phase) && this.missing(phase).length === 0;
  }

  /** The owner ids of living members that have not arrived at the phase. */
  missing(phase: number): number[] {
    const goal = phaseAfter(phase);
    const owners: number[] = [];
    for (let slot = 0; slot < PARTICIPANTS_COUNT; slot++) {
      const generation = Atomics.load(this.#members, slot);
      if (generation === 0 || Atomics.load(this.#arrived, slot) === goal) continue;
      if (this.#isDead(slot, generation)) Atomics.compareExchange(this.#members, slot, generation, 0);
      else owners.push((generation << 10) | (slot + 1));
    }
    return owners;
  }

  /** The first phase waits for the parties, alive; a barrier without members has nobody to let through. */
  hasEnough(phase: number): boolean {
    const needed = phase > 0 ? 1 : Atomics.load(this.#parties, 0);
    let joined = 0;
    for (let slot = 0; slot < PARTICIPANTS_COUNT && joined < needed; slot++) {
      const generation = Atomics.load(this.#members, slot);
      if (generation !== 0 && !this.#isDead(slot, generation)) joined++;
    }
    return joined >= needed;
  }

  #isDead(slot: number, generation: number): boolean {
    return isOwnerDead(this.#participants, (generation << 10) | (slot + 1));
  }
}
