// MapReading: the half of SharedMap that reads: without the lock, whatever the writers do.

import type { OwnBytes } from "../../sys/copy.ts";
import { errno } from "../../sys/errno.ts";
import { CLOSED_HERE, type IpcError } from "../../sys/error.ts";
import { loadOrdered } from "../../sys/ordering.ts";
import { checkForeignArray, MappedCopy, refuseTarget } from "../mapped_copy.ts";
import { COUNTER_BYTES, readCounter } from "./counter.ts";
import type { KeyText } from "./key.ts";
import * as layout from "./layout.ts";
import { MapReader, NONE as NO_ENTRY, OVERTAKEN as TOO_SLOW } from "./reader.ts";
import type { Recency } from "./recency.ts";
import { BucketSnapshots, type MapEntry } from "./snapshot.ts";
import type { MapTable } from "./table.ts";

// Imported bindings are variables to V8, 2 ns a use; constants of this module are folded (D34).
const { valueOffset } = layout;
const NONE = NO_ENTRY;
const OVERTAKEN = TOO_SLOW;

/** Byte offset of the value in the slot at `at`, behind a key of that length: not read from the slot, but checked there. */
const startOf = (at: number, keyLength: number) => at * 4 + valueOffset(keyLength);

/** The reading half of SharedMap. */
export abstract class MapReading {
  /** All of the mapping as bytes, for use at the offsets that `peekAt` gives. */
  readonly u8: Uint8Array;
  /** All of the mapping as 32-bit integers: index = offset / 4. */
  readonly i32: Int32Array;
  /** All of the mapping as doubles: index = offset / 8. */
  readonly f64: Float64Array;
  /** All of the mapping as a DataView. */
  readonly view: DataView;
  protected readonly key: KeyText;
  protected isOpen = true;
  private readonly table: MapTable;
  private readonly reader: MapReader;
  private readonly recency: Recency | undefined;
  private readonly copy: MappedCopy;
  private valueLength = 0;

  /** Use `SharedMap.create`, `open`, `openOrCreate` or `over`. */
  constructor(table: MapTable, key: KeyText, recency: Recency | undefined) {
    this.u8 = table.u8;
    this.i32 = table.i32;
    this.f64 = table.f64;
    this.view = new DataView(table.u8.buffer);
    this.table = table;
    this.key = key;
    this.reader = new MapReader(table, key);
    this.recency = recency;
    this.copy = new MappedCopy(table.u8);
  }

  protected checkOpen(verb: string): void {
    if (!this.isOpen) throw this.table.error(errno.EBADF, verb, verb, CLOSED_HERE);
  }

  protected shut(): void {
    this.isOpen = false;
  }

  /** One attempt: the index of the entry's slot, NONE or OVERTAKEN. Finding it is a use. */
  private look(isCareful: boolean): number {
    const at = this.reader.look(isCareful);
    if (at < 0) return at;
    this.valueLength = this.reader.length;
    if (this.recency !== undefined) this.recency.touch(this.reader.link);
    return at;
  }

  /**
   * A copy of the key's value; undefined where there is none. Never waits. Allocates nothing but the copy; a look at
   * the clock (25 ns) is taken only for entries that expire.
   *
   * @throws {RangeError} the key is longer than `keySize`
   * @throws {IpcError} EBADF after close; EBADMSG the shared bytes are corrupted; EAGAIN writers have overtaken it 100,000
   * times in a row
   */
  get(key: string): OwnBytes | undefined {
    this.checkOpen("read");
    this.key.set(key);
    for (let attempt = 1; ; attempt++) {
      const at = this.look(attempt > 1);
      if (at === NONE) return undefined;
      if (at !== OVERTAKEN) {
        const start = startOf(at, this.key.length);
        const copy = this.u8.slice(start, start + this.valueLength);
        if (this.reader.confirm()) return copy;
      }
      this.reader.overtaken(attempt);
    }
  }

  /**
   * Copies the key's value to the start of `target`: its size, or -1 where there is none. Allocates nothing, if the target
   * is the same as last time. Never waits; errors as `get`.
   *
   * @throws {TypeError} the target is no Uint8Array
   * @throws {RangeError} the value is longer than the target
   */
  getInto(key: string, target: Uint8Array): number {
    if (!(target instanceof Uint8Array)) checkForeignArray(target);
    const room = target.length; // before the key: it may be a getter, which may use this map
    this.checkOpen("read");
    this.key.set(key);
    for (let attempt = 1; ; attempt++) {
      const at = this.look(attempt > 1);
      if (at === NONE) return -1;
      if (at !== OVERTAKEN) {
        const length = this.valueLength;
        const fits = length <= room;
        if (fits) this.copy.out(startOf(at, this.key.length), length, target);
        if (this.reader.confirm()) {
          if (fits) return length;
          refuseTarget(target, length, "the value");
        }
      }
      this.reader.overtaken(attempt);
    }
  }

  /**
   * The key's value in place: its byte offset in `u8`, `i32`, `f64` and `view` (a multiple of 8), or -1 where there is none;
   * `length` is its size. Allocates nothing. Do not write there. The slot may be used for another entry meanwhile: only
   * when `confirm()` says true afterwards, with no other call to this map between, was what you read this value, whole. Never
   * waits; errors as `get`.
   */
  peekAt(key: string): number {
    this.checkOpen("read");
    this.key.set(key);
    for (let attempt = 1; ; attempt++) {
      const at = this.look(true);
      if (at !== OVERTAKEN) return at < 0 ? -1 : startOf(at, this.key.length);
      this.reader.overtaken(attempt);
    }
  }

  /** Whether what was read at the offset that `peekAt` gave last was whole. */
  confirm(): boolean {
    return this.isOpen && this.reader.confirm();
  }

  /** Size in bytes of the value last peeked or read. */
  get length(): number {
    return this.valueLength;
  }

  /** Whether there is an entry for the key. That is no use of it, as far as eviction goes. Errors as `get`. */
  has(key: string): boolean {
    this.checkOpen("read");
    this.key.set(key);
    return this.reader.has();
  }

  /**
   * Milliseconds until the key's entry expires, more than 0; Infinity where it does not; undefined where there is none.
   * That is no use of it, as far as eviction goes. Errors as `get`.
   */
  ttlMs(key: string): number | undefined {
    this.checkOpen("read");
    this.key.set(key);
    return this.reader.ttlMs();
  }

  /**
   * The key's counter, as `increment` makes it; undefined where there is none. Errors as `get`.
   *
   * @throws {IpcError} EINVAL the value has not 8 bytes; ERANGE somebody has written a number beyond 2 ** 53
   */
  getCounter(key: string): number | undefined {
    for (let attempt = 1; ; attempt++) {
      const offset = this.peekAt(key);
      if (offset < 0) return undefined;
      const value = this.valueLength === COUNTER_BYTES ? readCounter(this.i32, offset / 4) : undefined;
      if (this.reader.confirm()) {
        if (value !== undefined && Number.isSafeInteger(value)) return value;
        throw this.noCounter(value);
      }
      this.reader.overtaken(attempt);
    }
  }

  /** Numbers beyond 2 ** 53 are not exact: no count, as for `increment`. */
  private noCounter(value: number | undefined): IpcError {
    const hint = `its value has ${this.valueLength} bytes, and counters have ${COUNTER_BYTES}`;
    if (value === undefined) return this.table.error(errno.EINVAL, "read", "read a counter of", hint);
    return this.table.error(errno.ERANGE, "read", "read a counter of", `${value} is beyond 2 ** 53`);
  }

  /** How many entries there are; those that have expired count until a write or `removeExpired` takes them out. */
  get size(): number {
    this.checkOpen("read");
    return loadOrdered(this.i32, this.table.word(layout.COUNT));
  }

  /**
   * All keys and copies of their values, in no order. Others may write meanwhile: an entry that is there all the time
   * comes once; one that comes or goes meanwhile, at most once. Iterating is no use, as far as eviction goes.
   */
  *entries(): Generator<[key: string, value: OwnBytes], void, void> {
    yield* this.walk(true);
  }

  /** All keys, as `entries`. */
  *keys(): Generator<string, void, void> {
    for (const [key] of this.walk(false)) yield key;
  }

  /** Copies of all values, as `entries`. */
  *values(): Generator<OwnBytes, void, void> {
    for (const [, value] of this.walk(true)) yield value;
  }

  private *walk(hasValues: boolean): Generator<MapEntry, void, void> {
    const snapshots = new BucketSnapshots(this.table, this.reader, hasValues);
    for (let bucket = 0; bucket < this.table.buckets; bucket++) {
      this.checkOpen("read");
      yield* snapshots.take(bucket);
    }
  }

  [Symbol.iterator](): Generator<[key: string, value: OwnBytes], void, void> {
    return this.entries();
  }
}
