// Snapshots of a map's buckets, for iterations: without the lock, each entry whole.

import type { OwnBytes } from "../../sys/copy.ts";
import { clockMonotonic } from "../../sys/futex.ts";
import { fence, loadOrdered } from "../../sys/ordering.ts";
import * as layout from "./layout.ts";
import type { MapReader } from "./reader.ts";
import type { MapTable } from "./table.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // a key may begin with one

/** An entry as it was. */
export type MapEntry = [key: string, value: OwnBytes];

const NOTHING = new Uint8Array(0);
const NO_ENTRIES: MapEntry[] = [];
/** Numbers of a place. */
const PLACE = 4;

export class BucketSnapshots {
  readonly #table: MapTable;
  readonly #reader: MapReader;
  readonly #hasValues: boolean;
  /** Of each entry of the last walk: its slot, that one's sequence, where the value begins, and how long it is. */
  readonly #places: number[] = [];
  /** Values that an attempt has copied which failed for another one. */
  readonly #taken = new Map<string, OwnBytes>();

  /** Without `hasValues` values stay empty. */
  constructor(table: MapTable, reader: MapReader, hasValues: boolean) {
    this.#table = table;
    this.#reader = reader;
    this.#hasValues = hasValues;
  }

  /**
   * The entries of bucket `number` at one instant; those that have expired left out. Values are copied behind it, each by
   * the sequence of its own slot: a neighbour that is written all the time would overtake every copy of a long one.
   */
  take(number: number): MapEntry[] {
    const bucket = this.#table.firstBucket + number * 2;
    if (loadOrdered(this.#table.i32, bucket) === layout.END) return NO_ENTRIES;
    if (this.#taken.size > 0) this.#taken.clear();
    for (let attempt = 1; ; attempt++) {
      const entries = this.#tryWalk(bucket);
      if (entries !== undefined && (!this.#hasValues || this.#takeValues(entries))) return entries;
      this.#reader.overtaken(attempt);
    }
  }

  /** The keys, without their values yet. Undefined: a writer was faster. */
  #tryWalk(bucket: number): MapEntry[] | undefined {
    const { i32, slots } = this.#table;
    const version = loadOrdered(i32, bucket + 1); // SYNC bucket
    const isCurrent = () => {
      fence();
      return loadOrdered(i32, bucket + 1) === version;
    };
    const entries: MapEntry[] = [];
    let link = loadOrdered(i32, bucket);
    for (let steps = 0; link !== layout.END; steps++) {
      const at = this.#table.isLink(link) && steps <= slots ? this.#table.at(link) : -1;
      const key = at < 0 || !this.#table.belongs(at, bucket) ? undefined : this.#keyOf(at, entries.length * PLACE);
      if (!isCurrent()) return undefined;
      if (key === undefined) throw this.#table.corrupted("an entry makes no sense");
      if (!this.#hasExpired(at)) entries.push([key, NOTHING]);
      link = i32[at + layout.NEXT / 4] as number;
    }
    return isCurrent() ? entries : undefined;
  }

  #hasExpired(at: number): boolean {
    return this.#table.expires(at) !== 0 && this.#table.hasExpired(at, clockMonotonic());
  }

  /** Notes the place of its value, too. */
  #keyOf(at: number, place: number): string | undefined {
    const { i32, u8, geometry } = this.#table;
    const sequence = loadOrdered(i32, at); // SYNC slot
    const [keyLength, valueLength] = [i32[at + layout.KEY_LENGTH / 4] as number, this.#table.valueLength(at)];
    if (keyLength >>> 0 > geometry.keySize || valueLength > geometry.valueSize) return undefined;
    const places = this.#places;
    places[place] = at;
    places[place + 1] = sequence;
    places[place + 2] = this.#table.valueStart(at, keyLength);
    places[place + 3] = valueLength;
    const keyStart = at * 4 + layout.KEY;
    return decoder.decode(u8.slice(keyStart, keyStart + keyLength));
  }

  /** False: a slot was used for another entry meanwhile, perhaps of the same key. What was whole is kept. */
  #takeValues(entries: readonly MapEntry[]): boolean {
    const taken = this.#taken;
    let isAll = true;
    for (let index = 0; index < entries.length; index++) {
      const entry = entries[index] as MapEntry;
      const value = (taken.size > 0 ? taken.get(entry[0]) : undefined) ?? this.#tryCopy(index * PLACE);
      if (value === undefined) isAll = false;
      else entry[1] = value;
    }
    if (!isAll) for (const [key, value] of entries) if (value !== NOTHING) taken.set(key, value);
    return isAll;
  }

  /** The value of the entry whose place stands there; undefined: it is no longer there. */
  #tryCopy(place: number): OwnBytes | undefined {
    const { i32, u8 } = this.#table;
    const start = this.#places[place + 2] as number;
    const copy = u8.slice(start, start + (this.#places[place + 3] as number));
    fence();
    return loadOrdered(i32, this.#places[place] as number) === this.#places[place + 1] ? copy : undefined; // SYNC slot
  }
}
