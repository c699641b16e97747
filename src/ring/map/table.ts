// The table of a shared map as readers and writers see it: where buckets and slots stand, and what is wrong with them.

import { lostPagesHint, type MemoryRegion } from "../../memory/memory_region.ts";
import { errno } from "../../sys/errno.ts";
import { IpcError } from "../../sys/error.ts";
import { fence, storeOrdered } from "../../sys/ordering.ts";
import type { MapGeometry } from "./geometry.ts";
import {
  bucketsOf,
  END,
  EXPIRES,
  FIRST_BUCKET,
  HASH,
  SPARES,
  slotsOffset,
  strideOf,
  usedOffset,
  VALUE_LENGTH,
  valueOffset,
} from "./layout.ts";

/**
 * A store that others see after all stores before it, and before all that follow. On x86-64 that is any aligned store
 * (DESIGN, D21), and an atomic one costs 20 to 40 ns more in V8.
 */
export function publish(i32: Int32Array, index: number, value: number): void {
  storeOrdered(i32, index, value);
  fence();
}

/** All positions are indices in `i32`; a slot is named by the index of its first word, `at`, or by its link. */
export class MapTable {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly memory: MemoryRegion;
  readonly base: number = 0;
  readonly geometry: MapGeometry;
  readonly name: string;
  readonly slots: number = 0;
  readonly buckets: number = 0;
  /** A hash and this mask: the number of its bucket. */
  readonly mask: number = 0;
  readonly firstBucket: number = 0;
  /** Of the slot whose link is 1. */
  readonly firstSlot: number = 0;
  readonly stride: number = 0;
  /** Index in `f64` of the stamp of the slot whose link would be 0. */
  readonly used: number = 0;

  constructor(memory: MemoryRegion, base: number, geometry: MapGeometry, name: string) {
    const { buffer } = memory;
    const { capacity, keySize, valueSize, isLru } = geometry;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
    this.f64 = new Float64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
    this.memory = memory;
    this.base = base;
    this.geometry = geometry;
    this.name = name;
    this.slots = capacity + SPARES;
    this.buckets = bucketsOf(capacity);
    this.mask = this.buckets - 1;
    this.firstBucket = (base + FIRST_BUCKET) / 4;
    this.firstSlot = (base + slotsOffset(capacity, isLru)) / 4;
    this.stride = strideOf(keySize, valueSize) / 4;
    this.used = (base + usedOffset(capacity)) / 8 - 1;
  }

  /** Index of a word of the header. */
  word(offset: number): number {
    return (this.base + offset) / 4;
  }

  /** Index of the head of the bucket of this hash; its version follows. */
  bucketOf(hash: number): number {
    return this.firstBucket + (hash & this.mask) * 2;
  }

  /**
   * Whether the entry there is one of this bucket, by its hash. Many buckets may lead into one list: who walks over all of
   * them, without the lock, would walk over it again and again.
   */
  belongs(at: number, bucket: number): boolean {
    return this.bucketOf(this.i32[at + HASH / 4] as number) === bucket;
  }

  /** Whether the link leads to a slot of this map. */
  isLink(link: number): boolean {
    return (link - 1) >>> 0 < this.slots;
  }

  /** The link that stands at `index`, for the holder of the lock; `steps` links were followed before it. */
  linkAt(index: number, steps: number): number {
    const link = this.i32[index] as number;
    if (link === END || (this.isLink(link) && steps <= this.slots)) return link;
    throw this.corrupted("a link leads nowhere");
  }

  at(link: number): number {
    return this.firstSlot + (link - 1) * this.stride;
  }

  /** When the entry expires, ns of CLOCK_MONOTONIC; 0 = never. */
  expires(at: number): number {
    return this.f64[at / 2 + EXPIRES / 8] as number;
  }

  hasExpired(at: number, now: number): boolean {
    const expires = this.expires(at);
    return expires !== 0 && now >= expires;
  }

  /** Bytes of the value, as the slot says. */
  valueLength(at: number): number {
    return (this.i32[at + VALUE_LENGTH / 4] as number) >>> 0;
  }

  /** Byte offset of the value behind a key of that length, which is not read from the slot again: it has been checked. */
  valueStart(at: number, keyLength: number): number {
    return at * 4 + valueOffset(keyLength);
  }

  /** The shared bytes say something that no correct writer would have written. */
  corrupted(what: string): IpcError {
    return this.error(errno.EBADMSG, "mmap", "use", lostPagesHint(this.memory.lostPages) ?? what);
  }

  /** The error of a call on this map; `number` as in errno(3). */
  error(number: number, syscall: string, verb: string, hint?: string): IpcError {
    return new IpcError(number, { syscall, doing: `${verb} map ${this.name}`, path: this.name, hint });
  }
}
