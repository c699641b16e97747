// Readers: who reads under a reader-writer lock: a word for each slot of the participants' table, so the dead are found.

import { OWNER_GENERATION_SHIFT, OWNER_SLOT_MASK, PARTICIPANTS_COUNT } from "../memory/layout.ts";
import type { Participants } from "../memory/participants.ts";
import type { Placement } from "../memory/placement.ts";
import { fence, loadOrdered } from "../sys/ordering.ts";
import { RWLOCK_READERS } from "./layout.ts";
import { Share } from "./share.ts";

/** Of the module: V8 takes an imported binding to be variable (D34). */
const SLOTS = PARTICIPANTS_COUNT;

/** The table as seen by one object. Its participant has one word, for all the read guards of all its objects. */
export class Readers {
  // `private`, not #private: see D34

  /** Generation of the reader in each slot, 0 = not reading. */
  private readonly words: Int32Array;
  private readonly participants: Participants;
  private readonly me: number = 0;
  private readonly slot: number = 0;
  private readonly generation: number = 0;

  private readonly share: Share;

  /** The table of the lock at the placement. Joins the participants. */
  constructor(placement: Placement) {
    const { memory, base, participants } = placement;
    this.words = new Int32Array(memory.buffer, base + RWLOCK_READERS, PARTICIPANTS_COUNT);
    this.participants = participants;
    const owner = participants.join();
    this.me = owner;
    this.slot = (owner & OWNER_SLOT_MASK) - 1;
    this.generation = owner >>> OWNER_GENERATION_SHIFT;
    this.share = new Share(placement);
  }

  /** Read guards of this participant. */
  get ours(): number {
    return this.share.total;
  }

  /** Whether a participant of this thread reads: ours, or that of another object. */
  get isThisThread(): boolean {
    return this.ours > 0 || this.others().some((owner) => this.participants.isOfThisThread(owner));
  }

  /** SYNC readers: a reader stores its word, then loads the writer's; a writer takes its word, then loads the readers'. */
  announce(): void {
    Atomics.store(this.words, this.slot, this.generation);
  }

  /** Takes the announcement back; not that of who has the slot now, should our participant have left it. Whether it was. */
  withdraw(): boolean {
    return Atomics.compareExchange(this.words, this.slot, this.generation, 0) === this.generation;
  }

  /** One guard more. */
  enter(): void {
    this.share.add(1);
  }

  /** One guard less; whether the announcement was there, if that was the last one. */
  leave(): boolean {
    this.share.remove(1);
    return this.share.total !== 0 || this.withdraw();
  }

  /** All guards of this object less. */
  close(): void {
    if (this.share.close()) this.withdraw();
  }

  /** Owner ids of living readers that are not us; the words of dead ones are cleared. */
  others(): number[] {
    const owners: number[] = [];
    for (let slot = 0; slot < PARTICIPANTS_COUNT; slot++) {
      const owner = this.other(slot);
      if (owner !== 0) owners.push(owner);
    }
    return owners;
  }

  /**
   * Whose leaving or death may let a writer in: the others', and before them that of a living `writer` (0 = none; a dead
   * one's word is taken when the readers have left). Undefined: nobody is in the way, but for `own` guards of ours.
   */
  inTheWay(own: number, writer: number): number[] | undefined {
    const others = this.others();
    if (writer === this.me || this.ours > own) return others; // we wake ourselves
    if (writer !== 0) others.unshift(writer);
    return others.length > 0 ? others : undefined;
  }

  /** Whether there are any. SYNC readers: all words are loaded behind the first one, and looked at closely where not 0. */
  get hasOthers(): boolean {
    fence();
    const { words } = this;
    if (loadOrdered(words, 0) !== 0 && this.other(0) !== 0) return true;
    for (let slot = 1; slot < SLOTS; slot++) if (words[slot] !== 0 && this.other(slot) !== 0) return true;
    fence();
    return false;
  }

  /** The owner id of the reader in a slot, if it is not us and lives, or else 0. */
  private other(slot: number): number {
    const generation = loadOrdered(this.words, slot);
    return generation === 0 || slot === this.slot ? 0 : this.living(slot, generation);
  }

  private living(slot: number, generation: number): number {
    const owner = (generation << OWNER_GENERATION_SHIFT) | (slot + 1);
    if (!this.participants.isFoundDead(owner)) return owner;
    Atomics.compareExchange(this.words, slot, generation, 0);
    return 0;
  }
}
