// Snapshots of a map's buckets, for iterations: without the lock, and whole.

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

export class BucketSnapshots {
  readonly #table: MapTable;
  readonly #reader: MapReader;
  readonly #hasValues: boolean;

  /** Without `hasValues` values stay empty. */
  constructor(table: MapTable, reader: MapReader, hasValues: boolean) {
    this.#table = table;
    this.#reader = reader;
    this.#hasValues = hasValues;
  }

  /** The entries of bucket `number` at one instant; those that have expired left out. */
  take(number: number): MapEntry[] {
    const bucket = this.#table.firstBucket + number * 2;
    for (let attempt = 1; ; attempt++) {
      const entries = this.#tryTake(bucket);
      if (entries !== undefined) return entries;
      this.#reader.overtaken(attempt);
    }
  }

  /** Undefined: a writer was faster. */
  #tryTake(bucket: number): MapEntry[] | undefined {
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
      const entry = at < 0 || !this.#table.belongs(at, bucket) ? undefined : this.#entry(at);
      if (!isCurrent()) return undefined;
      if (entry === undefined) throw this.#table.corrupted("an entry makes no sense");
      if (!this.#hasExpired(at)) entries.push(entry);
      link = i32[at + layout.NEXT / 4] as number;
    }
    return isCurrent() ? entries : undefined;
  }

  #hasExpired(at: number): boolean {
    return this.#table.expires(at) !== 0 && this.#table.hasExpired(at, clockMonotonic());
  }

  #entry(at: number): MapEntry | undefined {
    const { i32, u8, geometry } = this.#table;
    const [keyLength, valueLength] = [i32[at + layout.KEY_LENGTH / 4] as number, this.#table.valueLength(at)];
    if (keyLength >>> 0 > geometry.keySize || valueLength > geometry.valueSize) return undefined;
    const keyStart = at * 4 + layout.KEY;
    const key = decoder.decode(u8.slice(keyStart, keyStart + keyLength));
    const start = this.#table.valueStart(at, keyLength);
    return [key, this.#hasValues ? u8.slice(start, start + valueLength) : NOTHING];
  }
}
