// The slots of a shared map, for the holder of the lock: taking free ones, filling them, linking them, giving them back.

import type { KeyText } from "./key.ts";
import * as layout from "./layout.ts";
import type { Recency } from "./recency.ts";
import { type MapTable, publish } from "./table.ts";

// Imported bindings are variables to V8, 2 ns a use; constants of this module are folded (D34).
const { END } = layout;
const NEXT_WORD = layout.NEXT / 4;
const HASH_WORD = layout.HASH / 4;
const KEY_LENGTH_WORD = layout.KEY_LENGTH / 4;
const VALUE_LENGTH_WORD = layout.VALUE_LENGTH / 4;
const KEY_WORD = layout.KEY / 4;
const EXPIRES_DOUBLE = layout.EXPIRES / 8;
/** While fewer slots are free again, others are used first: more time for slow readers than a full map can give. */
const RESTING_LEAST = 4 * layout.SPARES;

export class MapSlots {
  private readonly table: MapTable;
  private readonly i32: Int32Array;
  private readonly recency: Recency | undefined;
  private readonly fresh: number = 0;
  private readonly count: number = 0;
  private readonly first: number = 0;
  private readonly last: number = 0;

  constructor(table: MapTable, recency: Recency | undefined) {
    this.table = table;
    this.i32 = table.i32;
    this.recency = recency;
    this.fresh = table.word(layout.FRESH);
    this.count = table.word(layout.COUNT);
    this.first = table.word(layout.FREE_FIRST);
    this.last = table.word(layout.FREE_LAST);
  }

  /**
   * A free slot: the one that has been free longest, so that slow readers have time. One that was never used where few are
   * free again: a few entries that are written all the time would otherwise walk through the memory of all.
   */
  take(): number {
    const i32 = this.i32;
    const table = this.table;
    const fresh = i32[this.fresh] as number;
    if (fresh >>> 0 < table.slots && fresh - (i32[this.count] as number) < RESTING_LEAST) {
      i32[this.fresh] = fresh + 1;
      return fresh + 1;
    }
    const link = i32[this.first] as number;
    if (!table.isLink(link) || link === i32[this.last]) throw table.corrupted("there are fewer free slots than spares");
    i32[this.first] = i32[table.at(link) + NEXT_WORD] as number;
    return link;
  }

  /** Writes an entry, a value of `length` bytes, into a free slot. Whoever still reads what stood there finds another sequence. */
  fill(link: number, key: KeyText, value: Uint8Array, length: number, expires: number, next: number): void {
    const i32 = this.i32;
    const at = this.table.at(link);
    publish(i32, at, (i32[at] as number) + 1); // SYNC slot
    i32[at + NEXT_WORD] = next;
    i32[at + HASH_WORD] = key.hash;
    i32[at + KEY_LENGTH_WORD] = key.length;
    i32[at + VALUE_LENGTH_WORD] = length;
    this.table.f64[at / 2 + EXPIRES_DOUBLE] = expires; // no shift: beyond 16 GiB an index has more than 32 bits
    const { words, count } = key;
    for (let index = 0; index < count; index++) i32[at + KEY_WORD + index] = words[index] as number;
    this.table.u8.set(value, this.table.valueStart(at, key.length));
    this.recency?.touch(link);
  }

  /** Stores `link` at `index`, which belongs to this bucket: the instant at which a write has happened. */
  publish(index: number, link: number, bucket: number): void {
    const i32 = this.i32;
    publish(i32, index, link);
    publish(i32, bucket + 1, (i32[bucket + 1] as number) + 1); // SYNC bucket
  }

  /** Gives back a slot that is linked no more. */
  free(link: number): void {
    const i32 = this.i32;
    const table = this.table;
    publish(i32, table.at(link) + NEXT_WORD, END);
    const last = i32[this.last] as number;
    if (last === END) i32[this.first] = link;
    else if (table.isLink(last)) publish(i32, table.at(last) + NEXT_WORD, link);
    else throw table.corrupted("the list of free slots leads nowhere");
    i32[this.last] = link;
    this.recency?.forget(link);
  }

  /** Begins the list of free slots anew: none but those from `fresh` on. */
  reset(fresh: number): void {
    this.i32[this.fresh] = fresh;
    this.i32[this.first] = END;
    this.i32[this.last] = END;
  }
}
