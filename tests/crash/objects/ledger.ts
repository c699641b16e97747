// The ledger of killed users of objects: which object is played with, who is where in its code, who was told of deaths.
//
//   words  SCENE, 1 + index of the object that is played with
//   place  where it is: as in lock_ledger.ts, or SHARING | progress | 1 + index of its scene | 1 = is being killed
//          | first word of the scene in which it reads for sure
//   more   what was told (lock_ledger.ts) | 16 words for each scene, the last of which counts its turns

import { CrashLedger, OWN, PLACES_COUNT } from "../ledger.ts";
import { MORE_WORDS, SCENE_WORDS_AT, STATE } from "../lock_ledger.ts";

export { HOLDING, LOCKING, OUTSIDE, STATE, UNLOCKING } from "../lock_ledger.ts";

/** Has something that comes back without a word if it dies: reads, has permits, or is at a Once. */
export const SHARING = 4;
export const STATES = ["outside", "locking", "holding", "unlocking", "sharing"] as const;

export const SCENE = 5;
/** Counts turns, and in some scenes their parts: who waits, and lives, gets on. */
export const PROGRESS = OWN + 1;
export const IN_SCENE = OWN + 2;
const DOOMED = OWN + 3;
const READS = OWN + 4;
const SCENES_MOST = 16;
const SCENE_WORDS = 16;
export const TURNS = SCENE_WORDS - 1;

export const OBJECT_FAULTS = [
  /** A writer beside a reader or a writer, or two owners. */
  "beside",
  /** The counters differed without a death. */
  "torn",
  /** Nobody was told of a death in possession. */
  "untold",
  "toldTwice",
  /** Somebody was told of a death that was none, or not in possession. */
  "toldWithoutCause",
  /** More permits were held than there are. */
  "tooMany",
  /** What the dead or those who left held was still held. */
  "notGivenBack",
  /** Two initialisers at a time. */
  "twoAtIt",
  /** It said that it was done, and the initialiser had not come to its end. */
  "undone",
  "ranTwice",
  /** A phase ended that a living member had not arrived at. */
  "endedWithoutMember",
  /** More passed than the event was set. */
  "passedUnset",
] as const;

export type ObjectFault = (typeof OBJECT_FAULTS)[number];
export type ObjectLedger = CrashLedger<ObjectFault>;

export const createObjectLedger = (name: string): ObjectLedger =>
  CrashLedger.create(name, OBJECT_FAULTS, MORE_WORDS + SCENES_MOST * SCENE_WORDS);
export const openObjectLedger = (name: string): ObjectLedger => CrashLedger.open(name, OBJECT_FAULTS);

/** The first word of a scene. */
export const sceneWords = (scene: number): number => SCENE_WORDS_AT + scene * SCENE_WORDS;

/** Who notes where it is, known to others by its mark, 1 + place. The supervisor, behind the last place, notes nothing. */
export class Place {
  readonly mark: number;
  readonly #ledger: ObjectLedger;
  readonly #place: number;

  constructor(ledger: ObjectLedger, place: number) {
    this.#ledger = ledger;
    this.#place = place;
    this.mark = place + 1;
  }

  #store(word: number, value: number): void {
    if (this.#place < PLACES_COUNT) this.#ledger.store(this.#ledger.place(this.#place, word), value);
  }

  set state(state: number) {
    this.#store(STATE, state);
  }

  set scene(scene: number) {
    this.#store(IN_SCENE, scene + 1);
  }

  /** The words of the scene in which it reads, set in the lock only; 0 = it does not. */
  set reads(words: number) {
    this.#store(READS, words);
  }

  progress(): void {
    if (this.#place < PLACES_COUNT) this.#ledger.add(this.#ledger.place(this.#place, PROGRESS));
  }
}

/** Before the kill: what it holds from then on may have passed on. */
export function doom(ledger: ObjectLedger, place: number): void {
  ledger.store(ledger.place(place, DOOMED), 1);
}

/** The supervisor is not. */
export function isDoomed(ledger: ObjectLedger, mark: number): boolean {
  return mark <= PLACES_COUNT && ledger.load(ledger.place(mark - 1, DOOMED)) === 1;
}

/** Whether anybody else reads in the scene of those words, who is not being killed. */
export function hasReaders(ledger: ObjectLedger, words: number, me: number): boolean {
  for (let place = 0; place < PLACES_COUNT; place++) {
    const reads = place + 1 !== me && ledger.load(ledger.place(place, READS)) === words;
    if (reads && !isDoomed(ledger, place + 1)) return true;
  }
  return false;
}
