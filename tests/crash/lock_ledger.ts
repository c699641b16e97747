// The ledger of killed lock holders: what a mutex protects, who is where in its code, and who was told of which death.
//
//   words  FIRST and SECOND, equal whenever the mutex is free | INSIDE, pid of the owner | TOLD_COUNT, told deaths
//   place  where it is: OUTSIDE, LOCKING, HOLDING, UNLOCKING | turns
//   more   of each told death: pid of the dead | kind of the one who was told | when, in us; written in possession

import { CrashLedger, FAULTS, GATE, MORE, microseconds, OWN, PID, PLACE_WORDS, PLACES, STOP } from "./ledger.ts";
import type { SharedWords } from "./shared_words.ts";

export const [FIRST, SECOND, INSIDE, TOLD_COUNT] = [1, 2, 3, 4] as const;
const TOLD = MORE;
const TOLD_WORDS = 3;
const TOLD_MOST = 1 << 16;

/** Words that a ledger of deaths that are told has beyond the common ones, and what may follow them. */
export const MORE_WORDS = TOLD_WORDS * TOLD_MOST;
export const SCENE_WORDS_AT = MORE + MORE_WORDS;

/** Where a process is; only HOLDING is certain possession, only OUTSIDE certain none. */
export const [OUTSIDE, LOCKING, HOLDING, UNLOCKING] = [0, 1, 2, 3] as const;
export const STATE = OWN;
export const TURNS = OWN + 1;

export const LOCK_FAULTS = [
  /** Two were inside at a time. */
  "twoOwners",
  /** The counters differed without a death. */
  "torn",
  /** Nobody was told of a death in possession. */
  "untold",
  "toldTwice",
  /** Somebody was told of a death that was none, or not in possession. */
  "toldWithoutCause",
] as const;

export type LockFault = (typeof LOCK_FAULTS)[number];
export type LockLedger = CrashLedger<LockFault>;

/** The numbers above for the C peer. */
export const ledgerDefinitions: readonly string[] = Object.entries({
  FIRST,
  SECOND,
  INSIDE,
  TWO_OWNERS: FAULTS + LOCK_FAULTS.indexOf("twoOwners"),
  TORN: FAULTS + LOCK_FAULTS.indexOf("torn"),
  TOLD_COUNT,
  STOP,
  PLACES,
  PLACE_WORDS,
  PID,
  GATE,
  STATE,
  TURNS,
  TOLD,
}).map(([name, value]) => `-DLEDGER_${name}=${value}`);

export const createLockLedger = (name: string): LockLedger => CrashLedger.create(name, LOCK_FAULTS, MORE_WORDS);
export const openLockLedger = (name: string): LockLedger => CrashLedger.open(name, LOCK_FAULTS);

export interface Told {
  /** Process id; 0 = its place among the participants had passed on already. */
  readonly dead: number;
  readonly kind: number;
  readonly instant: number;
}

/** Notes, in possession, who is told of whose death. */
export function tell(ledger: SharedWords, dead: number, kind: number): void {
  const count = ledger.load(TOLD_COUNT);
  const at = TOLD + TOLD_WORDS * count;
  ledger.store(at, dead);
  ledger.store(at + 1, kind);
  ledger.store(at + 2, microseconds());
  ledger.store(TOLD_COUNT, count + 1);
}

/** Deaths told, from number `first` on. */
export function told(ledger: SharedWords, first: number): Told[] {
  return Array.from({ length: ledger.load(TOLD_COUNT) - first }, (_, index) => {
    const at = TOLD + TOLD_WORDS * (first + index);
    return { dead: ledger.load(at), kind: ledger.load(at + 1), instant: ledger.load(at + 2) };
  });
}
