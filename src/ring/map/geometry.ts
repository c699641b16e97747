// The geometry of a shared map: how large it is, checked when it is made and again when it is opened.

import { demandAgreement } from "../../memory/agreement.ts";
import { boot } from "../../sys/boot.ts";
import { checkChoice, checkInteger } from "../../sys/validate.ts";
import { type HeaderKind, mustFind, readHeader, refuseHeader } from "../header.ts";
import * as layout from "./layout.ts";
import type { SharedMapSize } from "./options.ts";

export interface MapGeometry {
  readonly capacity: number;
  readonly keySize: number;
  readonly valueSize: number;
  /** A full map gives up the entry that was used least recently. */
  readonly isLru: boolean;
}

const DEFAULT_KEY_BYTES = 64;

/** Checks what a user asks for. */
export function geometryOf(options: Partial<SharedMapSize>): MapGeometry {
  const { CAPACITY_MOST, KEY_SIZE_MOST, VALUE_SIZE_MOST, OBJECT_SIZE_MOST } = layout;
  const capacity = checkInteger(options?.capacity, "capacity", 1, CAPACITY_MOST);
  const keySize = checkInteger(options.keySize ?? DEFAULT_KEY_BYTES, "keySize", 1, KEY_SIZE_MOST);
  const valueSize = checkInteger(options.valueSize, "valueSize", 0, VALUE_SIZE_MOST);
  checkEvict(options.evict);
  const geometry = { capacity, keySize, valueSize, isLru: options.evict === "lru" };
  if (sizeOf(geometry) > OBJECT_SIZE_MOST) {
    throw new RangeError(
      `${capacity} entries of ${keySize} + ${valueSize} bytes are more than ${OBJECT_SIZE_MOST} bytes`,
    );
  }
  return geometry;
}

export function checkEvict(evict: unknown): void {
  if (evict !== undefined) checkChoice(evict, "evict", ["lru"]);
}

/** Bytes of the object. */
export function sizeOf({ capacity, keySize, valueSize, isLru }: MapGeometry): number {
  const slots = capacity + layout.SPARES;
  return layout.slotsOffset(capacity, isLru) + slots * layout.strideOf(keySize, valueSize);
}

/** Makes an empty map out of zeros. */
export function layEmpty(buffer: ArrayBuffer, base: number, geometry: MapGeometry): void {
  const { capacity, keySize, valueSize, isLru } = geometry;
  const buckets = new Int32Array(buffer, base + layout.FIRST_BUCKET, layout.bucketsOf(capacity) * 2);
  for (let index = 0; index < buckets.length; index += 2) buckets[index] = layout.END;
  const view = new DataView(buffer, base);
  view.setInt32(layout.FREE_FIRST, layout.END, true);
  view.setInt32(layout.FREE_LAST, layout.END, true);
  view.setFloat64(layout.EARLIEST, Number.POSITIVE_INFINITY, true);
  view.setUint32(layout.VERSION, layout.LAYOUT_VERSION, true);
  view.setUint32(layout.CAPACITY, capacity, true);
  view.setUint32(layout.KEY_SIZE, keySize, true);
  view.setUint32(layout.VALUE_SIZE, valueSize, true);
  view.setUint32(layout.FLAGS, isLru ? layout.FLAG_LRU : 0, true);
  view.setInt32(layout.BOOT, boot(), true);
  Atomics.store(new Int32Array(buffer, base, 1), layout.MAGIC / 4, layout.MAGIC_NUMBER); // SYNC laid
}

function isSound({ capacity, keySize, valueSize, isLru }: MapGeometry, flags: number, room: number): boolean {
  if (capacity < 1 || capacity > layout.CAPACITY_MOST || keySize < 1 || keySize > layout.KEY_SIZE_MOST) return false;
  if (valueSize > layout.VALUE_SIZE_MOST || flags > layout.FLAG_LRU) return false;
  return sizeOf({ capacity, keySize, valueSize, isLru }) <= Math.min(room, layout.OBJECT_SIZE_MOST);
}

const HEADER: HeaderKind = {
  noun: "map",
  magic: layout.MAGIC_NUMBER,
  version: layout.LAYOUT_VERSION,
  leastBytes: layout.FIRST_BUCKET,
};

/** The geometry that the shared bytes claim, or undefined where nothing has been laid yet. */
export function readGeometry(buffer: ArrayBuffer, base: number, name: string): MapGeometry | undefined {
  const view = readHeader(buffer, base, HEADER, name);
  if (view === undefined) return undefined;
  const [capacity, keySize, valueSize, flags] = [layout.CAPACITY, layout.KEY_SIZE, layout.VALUE_SIZE, layout.FLAGS].map(
    (offset) => view.getUint32(offset, true),
  ) as [number, number, number, number];
  const geometry = { capacity, keySize, valueSize, isLru: flags === layout.FLAG_LRU };
  if (!isSound(geometry, flags, buffer.byteLength - base))
    refuseHeader(HEADER, name, "its sizes make no sense, or are more than there is");
  return geometry;
}

/** As readGeometry, where one must be. */
export function findGeometry(buffer: ArrayBuffer, base: number, name: string): MapGeometry {
  return mustFind(readGeometry(buffer, base, name), HEADER, name);
}

/**
 * What is there must be what was asked for; what was not asked for is taken as it is. Who says enough to make a map also
 * says whether it evicts, by leaving `evict` out: one that did would lose entries behind the back of who counts on them.
 */
export function checkAgreement(found: MapGeometry, options: Partial<SharedMapSize>, name: string): void {
  const { capacity, keySize, valueSize } = options;
  const isWhole = capacity !== undefined && valueSize !== undefined;
  const evict = options.evict ?? (isWhole ? "none" : undefined);
  const asked = { capacity, keySize, valueSize, evict };
  demandAgreement(HEADER.noun, name, { ...found, evict: found.isLru ? "lru" : "none" }, asked);
}
