// MapReader: finding an entry without a lock. Never waits for a writer, be it slow, stopped or dead.

import { errno } from "../../sys/errno.ts";
import { clockMonotonic, pause } from "../../sys/futex.ts";
import { fence as fenceLoads, loadOrdered } from "../../sys/ordering.ts";
import type { KeyText } from "./key.ts";
import * as layout from "./layout.ts";
import type { MapTable } from "./table.ts";

// Imported bindings are variables to V8, 2 ns a use; constants of this module are folded (D34).
const load = loadOrdered;
const fence = fenceLoads;
const { END } = layout;
const NEXT_WORD = layout.NEXT / 4;
const LENGTH_WORD = layout.VALUE_LENGTH / 4;
const EXPIRES_DOUBLE = layout.EXPIRES / 8;

/** What an attempt came to, beside the index of a slot. */
export const NONE = -1;
export const OVERTAKEN = -2;
const none = NONE;
const overtaken = OVERTAKEN;

/** Each attempt that fails means that others have written meanwhile; this many take milliseconds. */
const ATTEMPTS_MOST = 100_000;
const PAUSES_MOST = 16;

/** Of an entry that expires: milliseconds, more than 0; undefined: it has. */
function remaining(expires: number): number | undefined {
  const left = expires - clockMonotonic();
  return left > 0 ? left / 1e6 : undefined;
}

/**
 * Every load that decides is ordered. A first attempt has two of the bucket's version: if the bucket has not changed by
 * the end of the copy, nothing in it has. Further attempts have two of the slot's sequence as well, and then no longer
 * care what happens to the bucket while they copy.
 */
export class MapReader {
  private readonly table: MapTable;
  private readonly key: KeyText;
  private readonly i32: Int32Array;
  private readonly f64: Float64Array;
  private readonly firstBucket: number = 0;
  private readonly mask: number = 0;
  private readonly firstSlot: number = 0;
  private readonly stride: number = 0;
  private readonly slots: number = 0;
  private readonly valueSize: number = 0;
  /** Link of the slot that was found last, and bytes of its value. */
  link = 0;
  length = 0;
  /** What must not have changed when the slot's bytes have been read, and its value. */
  private index = 0;
  private value = 0;

  constructor(table: MapTable, key: KeyText) {
    this.table = table;
    this.key = key;
    this.i32 = table.i32;
    this.f64 = table.f64;
    this.firstBucket = table.firstBucket;
    this.mask = table.mask;
    this.firstSlot = table.firstSlot;
    this.stride = table.stride;
    this.slots = table.slots;
    this.valueSize = table.geometry.valueSize;
  }

  /**
   * Looks for the key in `key`, once: the index of its slot, NONE, or OVERTAKEN by a writer. What is then read from the
   * slot is the key's value, whole, if `confirm` says so afterwards; `isCareful` makes that more likely.
   */
  look(isCareful: boolean): number {
    const { i32, key, slots } = this;
    const bucket = this.firstBucket + (key.hash & this.mask) * 2;
    const version = load(i32, bucket + 1); // SYNC bucket; loaded again before anything is believed
    this.index = bucket + 1;
    this.value = version;
    fence();
    let link = i32[bucket] as number;
    for (let steps = 0; link !== END; steps++) {
      if ((link - 1) >>> 0 >= slots || steps > slots) return this.doubt("a link leads nowhere");
      const at = this.firstSlot + (link - 1) * this.stride;
      const sequence = isCareful ? load(i32, at) : 0;
      if (key.isAt(i32, at)) {
        this.link = link;
        if (isCareful && !this.narrow(at, sequence)) return overtaken;
        return this.checked(at);
      }
      link = i32[at + NEXT_WORD] as number;
      if (load(i32, bucket + 1) !== version) return overtaken; // it may lead into the list of free slots, a long way
    }
    return this.confirm() ? none : overtaken;
  }

  /** If the bucket is still as it was, the slot was linked when `sequence` was loaded: from now on only that counts. */
  private narrow(at: number, sequence: number): boolean {
    if (!this.confirm()) return false;
    this.index = at;
    this.value = sequence;
    return true;
  }

  /** What was read makes no sense: a writer was faster, or the bytes are corrupted. */
  private doubt(what: string): number {
    if (!this.confirm()) return overtaken;
    throw this.table.corrupted(what);
  }

  /** An entry that has expired is none. One whose length makes no sense is not for use. */
  private checked(at: number): number {
    const expires = this.f64[at / 2 + EXPIRES_DOUBLE] as number; // no shift: beyond 16 GiB indices have more than 32 bits
    if (expires !== 0 && clockMonotonic() >= expires) return this.confirm() ? none : overtaken;
    const length = (this.i32[at + LENGTH_WORD] as number) >>> 0;
    this.length = length;
    return (length - 1) >>> 0 < this.valueSize ? at : this.unusual(at, length);
  }

  /** An empty value, or none. What was lost with its page looks like the empty key's entry, but for its link to 0. */
  private unusual(at: number, length: number): number {
    if (length > this.valueSize) return this.doubt("a value is longer than values are");
    return this.i32[at + NEXT_WORD] === 0 ? this.doubt("a link leads nowhere") : at;
  }

  /** Whether what was read from the slot found last was whole. */
  confirm(): boolean {
    fence();
    return load(this.i32, this.index) === this.value; // SYNC bucket, SYNC slot
  }

  /** Whether the key has an entry. */
  has(): boolean {
    for (let attempt = 1; ; attempt++) {
      const at = this.look(false);
      if (at === none || (at !== overtaken && this.confirm())) return at !== none;
      this.overtaken(attempt);
    }
  }

  /** Milliseconds until the key's entry expires; Infinity: never; undefined: there is none. */
  ttlMs(): number | undefined {
    for (let attempt = 1; ; attempt++) {
      const at = this.look(false);
      if (at === none) return undefined;
      if (at !== overtaken) {
        const expires = this.table.expires(at);
        if (this.confirm()) return expires === 0 ? Number.POSITIVE_INFINITY : remaining(expires);
      }
      this.overtaken(attempt);
    }
  }

  /** After an attempt that failed: makes room for the writers, or gives up. */
  overtaken(attempt: number): void {
    if (attempt < ATTEMPTS_MOST) pause(Math.min(attempt, PAUSES_MOST));
    else throw this.table.error(errno.EAGAIN, "read", "read", `writers overtook ${attempt} attempts`);
  }
}
