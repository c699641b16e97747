// The ledger of killed map writers: what was counted and seen.
//
//   words  COUNTED, increments that have returned | WRITES, other writes that have returned | READS, values judged

import { CrashLedger } from "./ledger.ts";

export const [COUNTED, WRITES, READS] = [1, 2, 3] as const;

export const MAP_FAULTS = [
  /** A value that no writer has written as one. */
  "torn",
  /** A key that is always there was not found. */
  "missing",
  /** A counter that went back. */
  "backwards",
  /** An iteration gave a key twice. */
  "twice",
] as const;

export type MapFault = (typeof MAP_FAULTS)[number];
export type MapLedger = CrashLedger<MapFault>;

export const createMapLedger = (name: string): MapLedger => CrashLedger.create(name, MAP_FAULTS);
export const openMapLedger = (name: string): MapLedger => CrashLedger.open(name, MAP_FAULTS);
