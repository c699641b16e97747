// The slots of a shared map, for the holder of the lock: taking free ones, filling them, linking them, giving them back.

import type { KeyText } from "./key.ts";
import * as layout from "./layout.ts";
import type { Recency } from "./recency.ts";
import { type MapTable, publish } from "./table.ts";

export class MapSlots {
  readonly #table: MapTable;
  readonly #i32: Int32Array;
  readonly #recency: Recency | undefined;
  readonly #fresh: number;
  readonly #first: number;
  readonly #last: number;

  constructor(table: MapTable, recency: Recency | undefined) {
    this.#table = table;
    this.#i32 = table.i32;
    this.#recency = recency;
    this.#fresh = table.word(layout.FRESH);
    this.#first = table.word(layout.FREE_FIRST);
    this.#last = table.word(layout.FREE_LAST);
  }

  /** A free slot: one that was never used, else the one that has been free longest, so that slow readers have time. */
  take(): number {
    const i32 = this.#i32;
    const table = this.#table;
    const fresh = i32[this.#fresh] as number;
    if (fresh >>> 0 < table.slots) {
      i32[this.#fresh] = fresh + 1;
      return fresh + 1;
    }
    const link = i32[this.#first] as number;
    if (!table.isLink(link) || link === i32[this.#last])
      throw table.corrupted("there are fewer free slots than spares");
    i32[this.#first] = i32[table.at(link) + layout.NEXT / 4] as number;
    return link;
  }

  /** Writes an entry into a free slot. Whoever still reads what stood there finds another sequence. */
  fill(link: number, key: KeyText, value: Uint8Array, expires: number, next: number): void {
    const i32 = this.#i32;
    const at = this.#table.at(link);
    publish(i32, at, (i32[at] as number) + 1); // SYNC slot
    i32[at + layout.NEXT / 4] = next;
    i32[at + layout.HASH / 4] = key.hash;
    i32[at + layout.KEY_LENGTH / 4] = key.length;
    i32[at + layout.VALUE_LENGTH / 4] = value.length;
    this.#table.f64[(at >> 1) + layout.EXPIRES / 8] = expires;
    for (let index = 0; index < key.count; index++) i32[at + layout.KEY / 4 + index] = key.words[index] as number;
    this.#table.u8.set(value, this.#table.valueStart(at, key.length));
    this.#recency?.touch(link);
  }

  /** Stores `link` at `index`, which belongs to this bucket: the instant at which a write has happened. */
  publish(index: number, link: number, bucket: number): void {
    const i32 = this.#i32;
    publish(i32, index, link);
    publish(i32, bucket + 1, (i32[bucket + 1] as number) + 1); // SYNC bucket
  }

  /** Gives back a slot that is linked no more. */
  free(link: number): void {
    const i32 = this.#i32;
    const table = this.#table;
    publish(i32, table.at(link) + layout.NEXT / 4, layout.END);
    const last = i32[this.#last] as number;
    if (last === layout.END) i32[this.#first] = link;
    else if (table.isLink(last)) publish(i32, table.at(last) + layout.NEXT / 4, link);
    else throw table.corrupted("the list of free slots leads nowhere");
    i32[this.#last] = link;
    this.#recency?.forget(link);
  }

  /** Begins the list of free slots anew: none but those from `fresh` on. */
  reset(fresh: number): void {
    this.#i32[this.#fresh] = fresh;
    this.#i32[this.#first] = layout.END;
    this.#i32[this.#last] = layout.END;
  }
}
