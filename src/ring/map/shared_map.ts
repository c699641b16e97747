// SharedMap: a hash map of string keys to byte values in shared memory, which many processes read and write at once.

import { openOrCreate } from "../../memory/file.ts";
import { ALIGNMENT } from "../../memory/layout.ts";
import type { MemoryRegion } from "../../memory/memory_region.ts";
import { attach, closePlacement, createPlacement, detach, openPlacement } from "../../memory/placement.ts";
import type { SegmentKind } from "../../memory/segment.ts";
import { SharedMemory } from "../../memory/shared_memory.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../../sys/inspect.ts";
import { checkBoolean, checkDuration, checkOptions, demandOptions, refuseNew } from "../../sys/validate.ts";
import { checkAgreement, findGeometry, geometryOf, layEmpty, sizeOf } from "./geometry.ts";
import { type LaidMap, layOver } from "./lay.ts";
import * as layout from "./layout.ts";
import {
  type SharedMapCreateOptions,
  type SharedMapOpenOptions,
  type SharedMapOverOptions,
  type SharedMapSize,
  type SharedMapUse,
  SIZE_OPTIONS,
  USE_OPTIONS,
} from "./options.ts";
import { MapTable } from "./table.ts";
import { MapWriting } from "./writing.ts";

const KIND: SegmentKind = { letters: "SMAP", version: layout.LAYOUT_VERSION, noun: "map", offersReadOnly: true };
const CREATE_OPTIONS = ["mode", "unlinkOnClose", ...SIZE_OPTIONS, ...USE_OPTIONS];
const WRITE_TIMEOUT_MS = 5000;

interface Parts extends LaidMap {
  readonly use: SharedMapUse;
}

function timeoutOf({ writeTimeoutMs = WRITE_TIMEOUT_MS }: SharedMapUse): number {
  return checkDuration(writeTimeoutMs, "writeTimeoutMs");
}

/**
 * A hash map of fixed capacity: string keys, byte values, in memory that any number of processes read and write at once.
 *
 * Reading takes no lock: it finds the value that was written last, whole, whatever the writers do, and makes no system
 * call. Writers take turns by a lock that heals: one that is killed at any instant has either written its entry or not,
 * and the next one goes on. A write waits only while another one is at it, for microseconds; behind a stopped process
 * (SIGSTOP) it throws ETIMEDOUT after `writeTimeoutMs`. A full map refuses new keys, or with `evict: "lru"` gives up the
 * entry that was used least recently (get, getInto, peekAt and writes are uses; between processes that use entries at
 * the same instant the order is not defined).
 *
 * Entries may expire, by CLOCK_MONOTONIC: it is the same in all processes, no setting of the time changes it, it stands
 * still while the machine is suspended, and it begins anew at a reboot, as /dev/shm does. (In a time namespace of its own
 * a process sees other times.) A map over a file outlives that clock: who opens it first after a reboot drops all entries
 * that would expire, since nobody knows when. Keys should not come from an adversary: they could be made to meet in one bucket.
 *
 * @example
 * ```ts
 * import { SharedMap } from "@linux-ipc/core";
 * const cache = SharedMap.create("/linux-ipc-example-map", { capacity: 1000, valueSize: 256, unlinkOnClose: true });
 * const same = SharedMap.open("/linux-ipc-example-map"); // usually in another process
 * cache.set("greeting", new TextEncoder().encode("hello"), { ttlMs: 60_000 });
 * console.log(new TextDecoder().decode(same.get("greeting"))); // hello
 * console.log(same.increment("hits"), cache.increment("hits", 10)); // 1 11
 * console.log([...cache.keys()].sort()); // greeting,hits
 * console.log(cache.delete("greeting"), same.has("greeting"), same.size); // true false 1
 * same.close();
 * cache.close();
 * ```
 */
export class SharedMap extends MapWriting {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    if (parts?.placement === undefined) refuseNew(SharedMap);
    const { placement, geometry, use } = parts;
    const table = new MapTable(placement.memory, placement.base, geometry, placement.name);
    super(table, placement, timeoutOf(use));
    this.#parts = parts;
    attach(placement, this);
  }

  /**
   * Makes a new, empty map. Its memory is reserved now: `byteSize` says how much.
   *
   * @throws {IpcError} EEXIST the name is taken; ENOSPC `/dev/shm` is full; EACCES
   * @throws {RangeError} a bad name, capacity or size
   */
  static create(name: string, options: SharedMapCreateOptions): SharedMap {
    demandOptions(options, CREATE_OPTIONS, "SharedMap.create");
    const geometry = geometryOf(options);
    timeoutOf(options);
    const placement = createPlacement(name, KIND, sizeOf(geometry), options, (buffer, base) => {
      layEmpty(buffer, base, geometry);
    });
    return new SharedMap({ placement, geometry, created: true, use: options });
  }

  /**
   * Opens a map that exists; how large it is stands in it. With `readOnly`, whoever may read its file can read its
   * entries: created with `mode: 0o640`, it serves other users of the group.
   *
   * @throws {IpcError} ENOENT no such name; EACCES not permitted; EINVAL it is something else; EBADMSG its header is
   * corrupted
   */
  static open(name: string, options: SharedMapOpenOptions = {}): SharedMap {
    checkOptions(options, ["timeoutMs", "readOnly", ...USE_OPTIONS], "SharedMap.open");
    timeoutOf(options);
    const { timeoutMs, readOnly = false } = options;
    const placement = openPlacement(name, KIND, { timeoutMs }, checkBoolean(readOnly, "readOnly"));
    try {
      const geometry = findGeometry(placement.memory.buffer, placement.base, name);
      return new SharedMap({ placement, geometry, created: false, use: options });
    } catch (error) {
      closePlacement(placement);
      throw error;
    }
  }

  /**
   * Opens the map, or creates it; `created` tells which. Racing processes agree. One that exists must have what the
   * options say, and evict only where they say so; a `keySize` that they leave out is taken as it is.
   *
   * @throws {IpcError} EINVAL there is one of another size, or it evicts and this was not asked for, or the other way
   * round; otherwise as `create` and `open`
   */
  static openOrCreate(name: string, options: SharedMapCreateOptions): SharedMap {
    demandOptions(options, CREATE_OPTIONS, "SharedMap.openOrCreate");
    geometryOf(options);
    const { writeTimeoutMs, unlinkOnClose } = options;
    const map = openOrCreate(
      options,
      () => SharedMap.open(name, { writeTimeoutMs }),
      () => SharedMap.create(name, options),
    );
    try {
      checkAgreement(map.#parts.geometry, options, name);
    } catch (error) {
      map.close();
      throw error;
    }
    if (unlinkOnClose) map.#parts.placement.memory.unlinkOnClose?.();
    return map;
  }

  /** Removes the name; those who have it open keep it. False when there was none. */
  static unlink(name: string): boolean {
    return SharedMemory.unlink(name);
  }

  /** Bytes that `over` needs in a memory. */
  static byteSize(size: SharedMapSize): number {
    demandOptions(size, SIZE_OPTIONS, "SharedMap.byteSize");
    return Math.ceil(sizeOf(geometryOf(size)) / ALIGNMENT) * ALIGNMENT;
  }

  /**
   * Lays an empty map over part of a memory that is all zeros there, or finds the one that is there, with its entries.
   * Racing processes agree as in `openOrCreate`; without `capacity` or `valueSize` a map may evict or not. Closing it
   * leaves the memory and the participants open.
   *
   * @throws {RangeError} `byteOffset` is not a multiple of 128, it does not fit, or would lie over another open object
   * @throws {IpcError} EBADMSG there is something else; EINVAL there is another one than was asked for, or none and no size;
   * ETIMEDOUT somebody else has been laying one for 5 s, or has a record lock over the file
   */
  static over(memory: MemoryRegion, byteOffset: number, options: SharedMapOverOptions): SharedMap {
    demandOptions(options, ["participants", ...SIZE_OPTIONS, ...USE_OPTIONS], "SharedMap.over");
    timeoutOf(options);
    const map = new SharedMap({ ...layOver(memory, byteOffset, options), use: options });
    try {
      map.dropForeignTimes(map.#parts.placement);
      return map;
    } catch (error) {
      map.close();
      throw error;
    }
  }

  /** How many entries it holds. */
  get capacity(): number {
    return this.#parts.geometry.capacity;
  }

  /** Bytes of the longest key. */
  get keySize(): number {
    return this.#parts.geometry.keySize;
  }

  /** Bytes of the largest value. */
  get valueSize(): number {
    return this.#parts.geometry.valueSize;
  }

  /** `"lru"`: a full map gives up the entry that was used least recently. Undefined: it refuses new keys. */
  get evict(): "lru" | undefined {
    return this.#parts.geometry.isLru ? "lru" : undefined;
  }

  /** Whether this call made the map. */
  get created(): boolean {
    return this.#parts.created;
  }

  /** Closes it here. Closing twice is fine. It stays, by its name. */
  close(): void {
    if (!this.isOpen) return;
    this.shut();
    detach(this.#parts.placement, this);
    closePlacement(this.#parts.placement);
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ name: this.#parts.placement.name, capacity: this.capacity, closed: !this.isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
