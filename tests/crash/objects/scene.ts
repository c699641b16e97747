// A scene: one kind of object that processes play with until they are killed, and what must hold meanwhile.

import type { Random } from "../../support/random.ts";
import type { ObjectLedger, Place } from "./ledger.ts";

/** What everybody in a scene is given. */
export interface Setting {
  readonly ledger: ObjectLedger;
  readonly random: Random;
  readonly place: Place;
  /** Of the one who notes: the index of its runtime. */
  readonly kind: number;
  /** The first of 16 words of the ledger. */
  readonly words: number;
  /** What names of the scene's objects begin with. */
  readonly name: string;
}

/** What a process does in a scene, until it is killed. */
export interface Player {
  /** Before the first turn. */
  enter?(): void;
  /** Ends by itself, and with nothing held, as long as others take turns, or the keeper nudges. */
  turn(): Promise<void>;
  /** Behind the last turn. */
  leave?(): void;
  close(): void;
}

/** What the supervisor does, who has made the objects and is not killed. */
export interface Keeper {
  /** Somebody at this place has died. */
  bury?(place: number): void;
  /** Ends waits that nobody in the crew has to end. Whoever lives makes progress behind the call of `onNudge`. */
  nudge?(onNudge?: () => void): Promise<void>;
  /** All have left: nothing must be held any more. */
  verify?(): Promise<void>;
  close(): void;
}

export interface Scene {
  readonly title: string;
  make(setting: Setting): Keeper;
  open(setting: Setting): Player;
}
