// MapReader: finding an entry without a lock. Never waits for a writer, be it slow, stopped or dead.

import { errno } from "../../sys/errno.ts";
import { clockMonotonic, pause } from "../../sys/futex.ts";
import type { KeyText } from "./key.ts";
import * as layout from "./layout.ts";
import { fence, type MapTable } from "./table.ts";

/** What an attempt came to, beside the index of a slot. */
export const NONE = -1;
export const OVERTAKEN = -2;

/** Each attempt that fails means that others have written meanwhile; this many take milliseconds. */
const ATTEMPTS_MOST = 100_000;
const PAUSES_MOST = 16;

/**
 * Every load that decides is an Atomics.load, which engines neither move nor leave out. In V8 it is a call of 10 to 40 ns;
 * so a first attempt has only one: if the bucket has not changed by the end of the copy, nothing in it has. Further
 * attempts need a second one, and then no longer care what happens to the bucket while they copy.
 */
export class MapReader {
  readonly #table: MapTable;
  readonly #key: KeyText;
  readonly #i32: Int32Array;
  /** Link of the slot that was found last; what must not have changed when its bytes have been read, and its value. */
  #link = 0;
  #index = 0;
  #value = 0;

  constructor(table: MapTable, key: KeyText) {
    this.#table = table;
    this.#key = key;
    this.#i32 = table.i32;
  }

  /** Link of the slot that was found last. */
  get link(): number {
    return this.#link;
  }

  /**
   * Looks for the key in `key`, once: the index of its slot, NONE, or OVERTAKEN by a writer. What is then read from the
   * slot is the key's value, whole, if `confirm` says so afterwards; `isCareful` makes that more likely.
   */
  look(isCareful: boolean): number {
    const i32 = this.#i32;
    const table = this.#table;
    const bucket = table.bucketOf(this.#key.hash);
    const version = i32[bucket + 1] as number; // SYNC bucket; loaded again, atomically, before anything is believed
    fence();
    let link = i32[bucket] as number;
    for (let steps = 0; link !== layout.END; steps++) {
      if (!table.isLink(link) || steps > table.slots) return this.#doubt(bucket, version);
      const at = table.at(link);
      const sequence = i32[at] as number;
      if (this.#key.isAt(i32, at)) {
        this.#link = link;
        this.#index = bucket + 1;
        this.#value = version;
        if (isCareful && !this.#narrow(at, sequence)) return OVERTAKEN;
        return this.#checked(at);
      }
      link = i32[at + layout.NEXT / 4] as number;
      if (i32[bucket + 1] !== version) return OVERTAKEN; // the slot may lead into the list of free ones, a long way
    }
    this.#index = bucket + 1;
    this.#value = version;
    return this.confirm() ? NONE : OVERTAKEN;
  }

  /** If the bucket is still as it was, the slot was linked when `sequence` was loaded: from now on only that counts. */
  #narrow(at: number, sequence: number): boolean {
    if (!this.confirm()) return false;
    this.#index = at;
    this.#value = sequence;
    return true;
  }

  #doubt(bucket: number, version: number): number {
    this.#index = bucket + 1;
    this.#value = version;
    if (!this.confirm()) return OVERTAKEN;
    throw this.#table.corrupted("a link leads nowhere");
  }

  /** An entry that has expired is none. One whose length makes no sense is not for use. */
  #checked(at: number): number {
    const table = this.#table;
    const expires = table.expires(at);
    if (expires !== 0 && clockMonotonic() >= expires) return this.confirm() ? NONE : OVERTAKEN;
    if (table.valueLength(at) <= table.geometry.valueSize) return at;
    if (!this.confirm()) return OVERTAKEN;
    throw table.corrupted("a value is longer than values are");
  }

  /** Whether what was read from the slot found last was whole. */
  confirm(): boolean {
    fence();
    return Atomics.load(this.#i32, this.#index) === this.#value; // SYNC bucket, SYNC slot
  }

  /** Whether the key has an entry. */
  has(): boolean {
    for (let attempt = 1; ; attempt++) {
      const at = this.look(false);
      if (at === NONE || (at !== OVERTAKEN && this.confirm())) return at !== NONE;
      this.overtaken(attempt);
    }
  }

  /** After an attempt that failed: makes room for the writers, or gives up. */
  overtaken(attempt: number): void {
    if (attempt < ATTEMPTS_MOST) pause(Math.min(attempt, PAUSES_MOST));
    else throw this.#table.error(errno.EAGAIN, "read", "read", `writers overtook ${attempt} attempts`);
  }
}
