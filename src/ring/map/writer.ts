// MapWriter: what the holder of the lock does to a map. Each change becomes visible by one store of one link.

import { Buffer } from "node:buffer";
import { errno } from "../../sys/errno.ts";
import type { IpcError } from "../../sys/error.ts";
import { clockMonotonic } from "../../sys/futex.ts";
import { COUNTER_BYTES, readCounter, writeCounter } from "./counter.ts";
import type { KeyText } from "./key.ts";
import { COUNT, EARLIEST, END, HASH, NEXT, SPARES } from "./layout.ts";
import type { Recency } from "./recency.ts";
import type { MapSlots } from "./slots.ts";
import { type MapTable, publish } from "./table.ts";

const NEXT_WORD = NEXT / 4;

/** Looks for what has expired take at most one part of so many of a writer's time, where there is another way to room. */
const LOOK_PAUSE = 10;

/** Slots that are free and stamped, by slow readers, are fewer than spares; so many times one is found make no sense. */
const VAIN_MOST = 4 * SPARES;

/** Beyond so many bytes a call of the engine compares faster than a loop, and all other writers wait for it. */
const COMPARE_LOOP_MOST = 128;

/** All methods need the lock, and a key in `key` where they speak of an entry. */
export class MapWriter {
  private readonly table: MapTable;
  private readonly key: KeyText;
  private readonly slots: MapSlots;
  private readonly recency: Recency | undefined;
  private readonly countIndex: number = 0;
  private readonly earliestIndex: number = 0;
  private readonly counter = new Int32Array(COUNTER_BYTES / 4);
  private readonly counterBytes = new Uint8Array(this.counter.buffer);
  /** Of the entry that was located last: its bucket, the index of the link to it, the link, and its slot; -1 = none. */
  private bucket = 0;
  private linkIndex = 0;
  private link = 0;
  private at = -1;
  /** When a full map that evicts may be looked through again; no time yet, but a double from the start (D34). */
  private nextLook = Number.NaN;

  constructor(table: MapTable, key: KeyText, slots: MapSlots, recency: Recency | undefined) {
    this.table = table;
    this.key = key;
    this.slots = slots;
    this.recency = recency;
    this.countIndex = table.word(COUNT);
    this.earliestIndex = table.word(EARLIEST) / 2;
  }

  /** Finds the key's entry; one that has expired counts as none, but is replaced. Whether there is one. */
  private locate(): boolean {
    const table = this.table;
    this.bucket = table.bucketOf(this.key.hash);
    this.at = -1;
    let index = this.bucket;
    for (let steps = 0; ; steps++) {
      const link = table.linkAt(index, steps);
      if (link === END) return false;
      const at = table.at(link);
      if (this.key.isAt(table.i32, at)) {
        if (this.key.length === 0) table.linkAt(at + NEXT_WORD, steps); // a lost slot looks like its entry, but for this
        this.linkIndex = index;
        this.link = link;
        this.at = at;
        return table.expires(at) === 0 || !table.hasExpired(at, clockMonotonic());
      }
      index = at + NEXT_WORD;
    }
  }

  /** Replaces the entry that was located, or adds a new one. False: the map is full. */
  private put(value: Uint8Array, length: number, expires: number): boolean {
    const { i32 } = this.table;
    const slots = this.slots;
    if (this.at >= 0) {
      this.expectExpiry(expires);
      const link = slots.take();
      slots.fill(link, this.key, value, length, expires, i32[this.at + NEXT_WORD] as number);
      slots.publish(this.linkIndex, link, this.bucket);
      slots.free(this.link);
      return true;
    }
    if (!this.hasRoom()) return false;
    this.expectExpiry(expires);
    const link = slots.take();
    slots.fill(link, this.key, value, length, expires, i32[this.bucket] as number);
    slots.publish(this.bucket, link, this.bucket);
    this.evictBeyond((i32[this.countIndex] as number) + 1);
    return true;
  }

  /** Before the entry is in: `earliest` must never be too late. */
  private expectExpiry(expires: number): void {
    const { f64 } = this.table;
    if (expires !== 0 && expires < (f64[this.earliestIndex] as number)) f64[this.earliestIndex] = expires;
  }

  private hasRoom(): boolean {
    const { i32, f64, geometry } = this.table;
    if ((i32[this.countIndex] as number) < geometry.capacity) return true;
    const now = clockMonotonic();
    if (now >= (f64[this.earliestIndex] as number) && this.findExpired(now)) return true;
    return geometry.isLru;
  }

  /**
   * Whether what has expired made room. Something always has where entries live for a short time, and a look through the
   * whole map for each write would be ten times the write. So one that evicts looks again only after a while (D32).
   */
  private findExpired(now: number): boolean {
    if (this.table.geometry.isLru && now < this.nextLook) return false;
    const count = this.removeExpired(now);
    const end = clockMonotonic();
    this.nextLook = end + LOOK_PAUSE * (end - now);
    return count > 0;
  }

  /** A new entry is in before the oldest goes: whoever is killed between has lost nothing. */
  private evictBeyond(count: number): void {
    const { i32, geometry, slots } = this.table;
    let left = count;
    if (left > slots) throw this.table.corrupted("it counts more entries than there are slots");
    for (let vain = 0; this.recency !== undefined && left > geometry.capacity; ) {
      if (this.removeSlot(this.recency.oldest())) left--;
      else if (++vain > VAIN_MOST) throw this.table.corrupted("stamps of use stand where no entries are");
    }
    publish(i32, this.countIndex, left);
  }

  /** False: the slot is not linked; somebody has stamped it after it was freed. */
  private removeSlot(link: number): boolean {
    const table = this.table;
    const bucket = table.bucketOf(table.i32[table.at(link) + HASH / 4] as number);
    let index = bucket;
    for (let steps = 0; ; steps++) {
      const found = table.linkAt(index, steps);
      if (found === link) {
        this.unlink(index, link, bucket);
        return true;
      }
      if (found === END) {
        this.recency?.forget(link);
        return false;
      }
      index = table.at(found) + NEXT_WORD;
    }
  }

  private unlink(index: number, link: number, bucket: number): void {
    const next = this.table.i32[this.table.at(link) + NEXT_WORD] as number;
    this.slots.publish(index, next, bucket);
    this.slots.free(link);
  }

  /** After a repair: whoever was killed may have left one entry too many. */
  trim(): void {
    this.evictBeyond(this.table.i32[this.countIndex] as number);
  }

  private add(count: number): void {
    publish(this.table.i32, this.countIndex, (this.table.i32[this.countIndex] as number) + count);
  }

  /** Writes the `length` bytes of `value`. False: the map is full. */
  set(value: Uint8Array, length: number, expires: number): boolean {
    this.locate();
    return this.put(value, length, expires);
  }

  /** Whether there was one. */
  delete(): boolean {
    const wasThere = this.locate();
    if (this.at < 0) return false;
    this.unlink(this.linkIndex, this.link, this.bucket);
    this.add(-1);
    return wasThere;
  }

  /** Whether the value is the `length` bytes of `expected`; undefined: whether there is no entry. */
  holds(expected: Uint8Array | undefined, length: number): boolean {
    const isThere = this.locate();
    return expected === undefined ? !isThere : isThere && this.isValue(expected, length);
  }

  /** Writes over the entry that `holds` has found, or found missing; undefined: removes it. Or why it cannot. */
  replace(value: Uint8Array | undefined, length: number, expires: number): true | IpcError {
    if (value !== undefined) return this.put(value, length, expires) || this.full("write to");
    this.delete();
    return true;
  }

  private isValue(expected: Uint8Array, length: number): boolean {
    const table = this.table;
    if (table.valueLength(this.at) !== length) return false;
    const start = table.valueStart(this.at, this.key.length);
    if (length > COMPARE_LOOP_MOST) return Buffer.compare(table.u8.subarray(start, start + length), expected) === 0;
    for (let index = 0; index < length; index++) {
      if (table.u8[start + index] !== expected[index]) return false;
    }
    return true;
  }

  /** The new value of the counter, or why there is none. `expires` undefined: as it was. */
  increment(by: number, expires: number | undefined): number | IpcError {
    const table = this.table;
    const isThere = this.locate();
    const length = isThere ? table.valueLength(this.at) : COUNTER_BYTES;
    if (length !== COUNTER_BYTES) return this.noCounter(length);
    const old = isThere ? readCounter(table.i32, table.valueStart(this.at, this.key.length) / 4) : 0;
    const value = old + by;
    if (!Number.isSafeInteger(old) || !Number.isSafeInteger(value)) {
      return table.error(errno.ERANGE, "increment", "increment a counter of", `${old} + ${by} is beyond 2 ** 53`);
    }
    writeCounter(this.counter, 0, value);
    const until = expires ?? (isThere ? table.expires(this.at) : 0);
    return this.put(this.counterBytes, COUNTER_BYTES, until) ? value : this.full("increment a counter of");
  }

  full(verb: string): IpcError {
    const hint = `it is full: its capacity is ${this.table.geometry.capacity} entries`;
    return this.table.error(errno.ENOSPC, "write", verb, hint);
  }

  noCounter(length: number): IpcError {
    const hint = `its value has ${length} bytes, and counters have ${COUNTER_BYTES}`;
    return this.table.error(errno.EINVAL, "increment", "read a counter of", hint);
  }

  /** Removes what has expired by `now`: how many. Steps count over all buckets: many of them may lead into one list. */
  removeExpired(now: number): number {
    const table = this.table;
    let [count, earliest, steps] = [0, Number.POSITIVE_INFINITY, 0];
    for (let bucket = table.firstBucket, number = 0; number < table.buckets; number++, bucket += 2) {
      let index = bucket;
      for (let link = table.linkAt(index, steps); link !== END; link = table.linkAt(index, ++steps)) {
        const at = table.at(link);
        if (table.hasExpired(at, now)) {
          this.unlink(index, link, bucket);
          count++;
        } else {
          if (table.expires(at) !== 0) earliest = Math.min(earliest, table.expires(at));
          index = at + NEXT_WORD;
        }
      }
    }
    this.add(-count);
    table.f64[this.earliestIndex] = earliest;
    return count;
  }

  /** Removes everything, bucket by bucket. Steps count as in `removeExpired`. */
  clear(): void {
    const table = this.table;
    let steps = 0;
    for (let bucket = table.firstBucket, number = 0; number < table.buckets; number++, bucket += 2) {
      for (let link = table.linkAt(bucket, steps); link !== END; link = table.linkAt(bucket, ++steps)) {
        this.unlink(bucket, link, bucket);
      }
    }
    publish(table.i32, this.countIndex, 0);
    table.f64[this.earliestIndex] = Number.POSITIVE_INFINITY;
  }
}
