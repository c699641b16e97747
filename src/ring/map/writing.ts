// MapWriting: the half of SharedMap that writes: each method takes the writers' lock, changes one entry, and lets go.

import type { Placement } from "../../memory/placement.ts";
import { IpcError } from "../../sys/error.ts";
import { clockMonotonic } from "../../sys/futex.ts";
import { asBytes, checkDuration, checkInteger, checkLength, checkOptions } from "../../sys/validate.ts";
import { adoptBoot, isOfAnotherBoot } from "./boot.ts";
import { COUNTER_BYTES } from "./counter.ts";
import { KeyText } from "./key.ts";
import { WriterLock } from "./lock.ts";
import type { SharedMapWriteOptions } from "./options.ts";
import { MapReading } from "./reading.ts";
import { Recency } from "./recency.ts";
import { repair } from "./repair.ts";
import { MapSlots } from "./slots.ts";
import type { MapTable } from "./table.ts";
import { MapWriter } from "./writer.ts";

/** Length of a value that is not given. */
const NONE = -1;

/** Asked once: it may be a getter of the user's. */
function checkedLength(bytes: Uint8Array): number {
  const { length } = bytes;
  checkLength(bytes, length, "a value");
  return length;
}

/** When an entry expires: ns of CLOCK_MONOTONIC; 0 = never; undefined where nothing is said of it. */
function expiryOf(options: SharedMapWriteOptions | undefined, what: string): number | undefined {
  if (options === undefined) return undefined;
  checkOptions(options, ["ttlMs"], what);
  const { ttlMs } = options;
  if (ttlMs === undefined) return undefined;
  const expires = clockMonotonic() + checkDuration(ttlMs, "ttlMs") * 1e6;
  return expires === Number.POSITIVE_INFINITY ? 0 : expires;
}

/** The writing half of SharedMap. */
export abstract class MapWriting extends MapReading {
  private readonly lock: WriterLock;
  private readonly writer: MapWriter;
  private readonly mostBytes: number = 0;

  /** Use `SharedMap.create`, `open`, `openOrCreate` or `over`. */
  constructor(table: MapTable, placement: Placement, writeTimeoutMs: number) {
    const { keySize, valueSize, isLru } = table.geometry;
    const key = new KeyText(keySize);
    const recency = isLru && !table.memory.readOnly ? new Recency(table) : undefined;
    super(table, key, recency);
    const slots = new MapSlots(table, recency);
    this.mostBytes = valueSize;
    this.writer = new MapWriter(table, key, slots, recency);
    this.lock = new WriterLock(table, placement, writeTimeoutMs, () => {
      repair(table, slots, recency);
      this.writer.trim();
    });
  }

  /** Of a value that is to be written. */
  private lengthOf(bytes: Uint8Array): number {
    const length = checkedLength(bytes);
    if (length <= this.mostBytes) return length;
    throw new RangeError(`a value of this map has at most ${this.mostBytes} bytes, not ${length}`);
  }

  /** After all that may run code of the user's, who may use this map, or close it: there is one `key` for all calls. */
  private aim(key: string): void {
    this.checkOpen("write to");
    this.key.set(key);
  }

  /**
   * Writes a copy of `value`: a new entry, or in the place of the old one, whose expiry goes with it: without `ttlMs` the
   * entry stays. False: the map is full (after what has expired was taken out), and nothing was written. Once it has
   * returned, the value survives this process.
   *
   * @throws {TypeError} the key is no string, or the value no bytes, or they are gone (detached)
   * @throws {RangeError} the key is longer than `keySize`, or the value than `valueSize`
   * @throws {IpcError} ETIMEDOUT another process has held the lock for `writeTimeoutMs`; EUSERS 128 processes write; EACCES
   * it was opened with `readOnly`; EBADF after close; EBADMSG the shared bytes are corrupted
   */
  set(key: string, value: ArrayBufferView | ArrayBuffer, options?: SharedMapWriteOptions): boolean {
    const expires = expiryOf(options, "set") ?? 0;
    const bytes = asBytes(value, "a value"); // behind the options, whose getters may do anything to it
    const length = this.lengthOf(bytes);
    this.aim(key);
    let isSound = false;
    this.lock.acquire();
    try {
      const isWritten = this.writer.set(bytes, length, expires);
      isSound = true;
      return isWritten;
    } finally {
      this.lock.release(isSound);
    }
  }

  /** Removes the key's entry; whether there was one. Errors as `set`. */
  delete(key: string): boolean {
    this.aim(key);
    return this.exclusively(() => this.writer.delete());
  }

  /**
   * Writes `value` only if the key's value is `expected`, byte by byte; whether it was. Undefined for `expected`: only if
   * there is no entry; undefined for `value`: removes it. What it writes expires as by `set`. Errors as `set`.
   *
   * @throws {IpcError} ENOSPC the map is full, and it would have been a new entry
   */
  compareAndSet(
    key: string,
    expected: ArrayBufferView | ArrayBuffer | undefined,
    value: ArrayBufferView | ArrayBuffer | undefined,
    options?: SharedMapWriteOptions,
  ): boolean {
    const expires = expiryOf(options, "compareAndSet") ?? 0;
    const before = expected === undefined ? undefined : asBytes(expected, "a value");
    const after = value === undefined ? undefined : asBytes(value, "a value");
    const lengthBefore = before === undefined ? NONE : checkedLength(before);
    const lengthAfter = after === undefined ? NONE : this.lengthOf(after);
    this.aim(key);
    return this.exclusively(() => {
      if (!this.writer.holds(before, lengthBefore)) return false;
      return this.writer.replace(after, lengthAfter, expires);
    });
  }

  /**
   * Adds a whole number to the key's counter: the new value. A key without an entry counts from 0. The value is a signed
   * 64-bit integer, little-endian, in 8 bytes. The entry keeps its expiry, unless `ttlMs` sets a new one. Errors as `set`.
   *
   * @throws {IpcError} EINVAL the value has not 8 bytes; ERANGE the sum is beyond 2 ** 53; ENOSPC the map is full, and it
   * would have been a new entry
   * @throws {RangeError} `by` is no safe integer, or `valueSize` is less than 8
   */
  increment(key: string, by = 1, options?: SharedMapWriteOptions): number {
    checkInteger(by, "by", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    if (this.mostBytes < COUNTER_BYTES)
      throw new RangeError(`a counter has ${COUNTER_BYTES} bytes, and valueSize is ${this.mostBytes}`);
    const expires = expiryOf(options, "increment");
    this.aim(key);
    return this.exclusively(() => this.writer.increment(by, expires));
  }

  /** Removes what has expired: how many. A write to a full map does so by itself. Errors as `set`. */
  removeExpired(): number {
    this.checkOpen("write to");
    return this.exclusively(() => this.writer.removeExpired(clockMonotonic()));
  }

  /** Removes all entries, one by one; a process that is killed in the middle has removed some. Errors as `set`. */
  clear(): void {
    this.checkOpen("write to");
    this.exclusively(() => this.writer.clear());
  }

  /** Drops what expires by the clock of another boot: nobody knows when that would be. The first to open it does so. */
  protected dropForeignTimes(placement: Placement): void {
    if (!isOfAnotherBoot(placement)) return;
    this.exclusively(() => {
      if (!isOfAnotherBoot(placement)) return;
      this.writer.removeExpired(Number.POSITIVE_INFINITY);
      adoptBoot(placement);
    });
  }

  /** Runs a write with the lock held. One that answers with an error has changed nothing. */
  private exclusively<T>(write: () => T | IpcError): T {
    let isSound = false;
    let answer: T | IpcError;
    this.lock.acquire();
    try {
      answer = write();
      isSound = true;
    } finally {
      this.lock.release(isSound);
    }
    if (answer instanceof IpcError) throw answer;
    return answer;
  }

  protected override shut(): void {
    super.shut();
    this.lock.close();
  }
}
