// Readers: who reads under a reader-writer lock: a word for each slot of the participants' table, so the dead are found.

import { OWNER_GENERATION_SHIFT, OWNER_SLOT_MASK, PARTICIPANTS_COUNT } from "../memory/layout.ts";
import type { Participants } from "../memory/participants.ts";
import { isOwnerDead } from "./lock_word.ts";

/** The table as seen by one participant; its one word counts for all its reading. */
export class Readers {
  /** Generation of the reader in each slot, 0 = not reading. */
  readonly #words: Int32Array;
  readonly #participants: Participants;
  readonly #slot: number;
  readonly #generation: number;

  /** The table at `byteOffset` of the buffer. Joins the participants. */
  constructor(buffer: ArrayBuffer, byteOffset: number, participants: Participants) {
    this.#words = new Int32Array(buffer, byteOffset, PARTICIPANTS_COUNT);
    this.#participants = participants;
    const owner = participants.join();
    this.#slot = (owner & OWNER_SLOT_MASK) - 1;
    this.#generation = owner >>> OWNER_GENERATION_SHIFT;
  }

  /** SYNC readers: a reader stores its word, then loads the writer's; a writer takes its word, then loads the readers'. */
  enter(): void {
    Atomics.store(this.#words, this.#slot, this.#generation);
  }

  leave(): void {
    Atomics.store(this.#words, this.#slot, 0);
  }

  /** Owner ids of living readers that are not us; the words of dead ones are cleared. */
  others(): number[] {
    const owners: number[] = [];
    for (let slot = 0; slot < PARTICIPANTS_COUNT; slot++) {
      const generation = Atomics.load(this.#words, slot);
      if (generation === 0 || slot === this.#slot) continue;
      const owner = (generation << OWNER_GENERATION_SHIFT) | (slot + 1);
      if (isOwnerDead(this.#participants, owner)) Atomics.compareExchange(this.#words, slot, generation, 0);
      else owners.push(owner);
    }
    return owners;
  }
}
