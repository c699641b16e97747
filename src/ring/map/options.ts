// The options of SharedMap's ways in, and of its writes.

import type { ObjectCreateOptions, ObjectOpenOptions, ObjectOverOptions } from "../../memory/placement.ts";

/** How large a map is, and what it does when it is full. */
export interface SharedMapSize {
  /** How many entries it holds, up to 2 ** 24. */
  capacity: number;
  /** Bytes of the longest key in UTF-8, up to 4096; 64 unless said. */
  keySize?: number | undefined;
  /** Bytes of the largest value, up to 2 ** 28. Every entry takes room for it. */
  valueSize: number;
  /**
   * `"lru"`: a full map gives up the entry that was used least recently; it takes out what has expired first, but does not
   * look for it at each write. Unless said, it refuses new keys.
   */
  evict?: "lru" | undefined;
}

/** How this process uses a map. */
export interface SharedMapUse {
  /** How long a write waits for other writers before it throws ETIMEDOUT, ms; 5000 unless said. They take microseconds. */
  writeTimeoutMs?: number | undefined;
}

/** How `SharedMap.create` and `openOrCreate` make a map. */
export interface SharedMapCreateOptions extends SharedMapSize, SharedMapUse, ObjectCreateOptions {}

/** How `SharedMap.open` opens. */
export interface SharedMapOpenOptions extends SharedMapUse, ObjectOpenOptions {
  /** Only to look: needs no permission to write, and is no use of an entry. All that writes is EACCES. */
  readOnly?: boolean | undefined;
}

/** As `Partial`, which refuses an undefined where the compiler goes by `exactOptionalPropertyTypes`. */
type SomeOf<Options> = { [Name in keyof Options]?: Options[Name] | undefined };

/** How `SharedMap.over` lays or finds a map in a memory. Without `capacity` and `valueSize` one must be there. */
export interface SharedMapOverOptions extends SomeOf<SharedMapSize>, SharedMapUse, ObjectOverOptions {}

/** How an entry is written. */
export interface SharedMapWriteOptions {
  /** The entry expires so many milliseconds from now; never unless said. */
  ttlMs?: number | undefined;
}

/** The names of `SharedMapSize`. */
export const SIZE_OPTIONS = ["capacity", "keySize", "valueSize", "evict"];
/** The names of `SharedMapUse`. */
export const USE_OPTIONS = ["writeTimeoutMs"];
