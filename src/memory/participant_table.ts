// ParticipantTable: what the words of a table of participants say of an owner, without asking anybody.
//
//   bytes of a slot: life, generation, pid, boot, since (8 bytes), previous pid; see layout.ts and shim/participant.c

import { loadOrdered } from "../sys/ordering.ts";
import * as layout from "./layout.ts";

const LIFE = layout.SLOT_LIFE_OFFSET / 4;
const GENERATION = layout.SLOT_GENERATION_OFFSET / 4;

/** The slot that an owner id names; -1 for an id that nobody can have. */
export function slotOf(owner: number): number {
  const slot = (owner & layout.OWNER_SLOT_MASK) - 1;
  return slot >= 0 && slot < layout.PARTICIPANTS_COUNT ? slot : -1;
}

/** The words of all slots. */
export class ParticipantTable {
  readonly words: Int32Array;

  constructor(buffer: ArrayBuffer, offset: number) {
    this.words = new Int32Array(buffer, offset, layout.PARTICIPANTS_SIZE / 4);
  }

  #load(slot: number, word: number): number {
    return loadOrdered(this.words, (slot * layout.SLOT_SIZE) / 4 + word);
  }

  /**
   * Whether the owner is known to be dead: two loads. An id that nobody can have is dead. The life word comes first: if the
   * slot is the owner's behind that, the life was. (Between the two in the other order a successor could come alive.)
   */
  isDead(owner: number): boolean {
    const slot = slotOf(owner);
    if (slot < 0) return true;
    const generation = (owner & layout.OWNER_MASK) >>> layout.OWNER_GENERATION_SHIFT;
    if (generation === 0) return true; // nobody's, also where the slot has never been held
    if ((this.#load(slot, LIFE) & layout.OWNER_DIED) !== 0) return true;
    return this.#load(slot, GENERATION) !== generation;
  }

  /** Whether no robust list tells of this owner's death: its kernel refuses them, or its list was full. */
  needsAsking(owner: number): boolean {
    const slot = slotOf(owner);
    const life = slot < 0 ? 0 : this.#load(slot, LIFE);
    return (life & layout.LIFE_WITHOUT_ROBUST_LIST) === layout.LIFE_WITHOUT_ROBUST_LIST;
  }

  /** The owner ids that were given last to those who joined under that boot. */
  ownersOf(boot: number): number[] {
    return Array.from({ length: layout.PARTICIPANTS_COUNT }, (_, slot) => slot)
      .filter((slot) => this.#load(slot, layout.SLOT_BOOT_OFFSET / 4) === boot && this.#load(slot, GENERATION) !== 0)
      .map((slot) => (this.#load(slot, GENERATION) << layout.OWNER_GENERATION_SHIFT) | (slot + 1));
  }

  /** The owner's process id, also where one newcomer has its slot meanwhile; 0 when it is not known any more. */
  pidOf(owner: number): number {
    const slot = slotOf(owner);
    if (slot < 0) return 0;
    const generation = this.#load(slot, GENERATION);
    const passed = (generation - (owner >>> layout.OWNER_GENERATION_SHIFT)) & layout.GENERATION_MASK;
    if (passed > 1) return 0;
    const pid = this.#load(slot, (passed === 0 ? layout.SLOT_PID_OFFSET : layout.SLOT_PREVIOUS_PID_OFFSET) / 4);
    return this.#load(slot, GENERATION) === generation ? pid : this.pidOf(owner);
  }
}
