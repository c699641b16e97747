// The geometry of a latest value: how large it is, checked when it is made and again when it is opened.

import { demandAgreement } from "../../memory/agreement.ts";
import { checkBoolean, checkInteger } from "../../sys/validate.ts";
import { type HeaderKind, mustFind, readHeader, refuseHeader } from "../header.ts";
import * as layout from "./layout.ts";
import type { AskedSize, ValueType } from "./options.ts";

export interface ValueGeometry {
  /** Bytes of the largest value. */
  readonly size: number;
  readonly buffers: number;
  readonly checksum: boolean;
}

/** Readers of small values spend most of their time on cache misses, in which the writer may publish several more. */
const SMALL_BYTES = 4096;
const defaultBuffers = (size: number): number => (size <= SMALL_BYTES ? 8 : 4);
const isPowerOfTwo = (value: number) => (value & (value - 1)) === 0;

/** Refuses what is not a type; any value type is welcome. */
export function checkType(type: ValueType<unknown, never> | undefined): void {
  if (type === undefined) return;
  const isType = typeof type?.read === "function" && typeof type.write === "function";
  if (!isType) throw new TypeError("type must have size, read and write: struct({ ... })");
  checkInteger(type.size, "type.size", 1, layout.SIZE_MOST);
}

/** Checks what a user asks for. */
export function geometryOf(options: AskedSize): ValueGeometry {
  const { type, checksum = false } = options ?? {};
  checkType(type);
  if (type !== undefined && options.size !== undefined) throw new TypeError("give size or type, not both");
  if (type === undefined && options?.size === undefined)
    throw new TypeError("a latest value needs a size, in bytes, or a type: { size: 64 } or { type: struct({ ... }) }");
  const size = type?.size ?? checkInteger(options?.size, "size", 1, layout.SIZE_MOST);
  const { BUFFERS_LEAST, BUFFERS_MOST } = layout;
  const buffers = checkInteger(options.buffers ?? defaultBuffers(size), "buffers", BUFFERS_LEAST, BUFFERS_MOST);
  if (!isPowerOfTwo(buffers)) throw new RangeError(`buffers must be a power of two, not ${buffers}`);
  const geometry = { size, buffers, checksum: checkBoolean(checksum, "checksum") };
  if (sizeOf(geometry) > layout.OBJECT_SIZE_MOST)
    throw new RangeError(`${buffers} buffers of ${size} bytes are more than ${layout.OBJECT_SIZE_MOST} bytes`);
  return geometry;
}

/** Bytes of the object. */
export function sizeOf({ size, buffers, checksum }: ValueGeometry): number {
  return layout.objectSize(size, buffers, checksum);
}

export function writeGeometry(buffer: ArrayBuffer, base: number, geometry: ValueGeometry): void {
  const view = new DataView(buffer, base);
  view.setUint32(layout.VERSION, layout.LAYOUT_VERSION, true);
  view.setUint32(layout.SIZE, geometry.size, true);
  view.setUint32(layout.BUFFERS, geometry.buffers, true);
  view.setUint32(layout.FLAGS, geometry.checksum ? layout.FLAG_CHECKSUM : 0, true);
  Atomics.store(new Int32Array(buffer, base, 1), layout.MAGIC / 4, layout.MAGIC_NUMBER); // SYNC laid
}

function isSound(geometry: ValueGeometry, flags: number, room: number): boolean {
  const { size, buffers } = geometry;
  const hasSize = size >= 1 && size <= layout.SIZE_MOST;
  const hasBuffers = buffers >= layout.BUFFERS_LEAST && buffers <= layout.BUFFERS_MOST && isPowerOfTwo(buffers);
  const fits = sizeOf(geometry) <= Math.min(room, layout.OBJECT_SIZE_MOST);
  return hasSize && hasBuffers && flags <= layout.FLAG_CHECKSUM && fits;
}

const HEADER: HeaderKind = {
  noun: "latest value",
  magic: layout.MAGIC_NUMBER,
  version: layout.LAYOUT_VERSION,
  leastBytes: layout.FIRST_BUFFER,
};

/** The geometry that the shared bytes claim, or undefined where nothing has been laid yet. */
export function readGeometry(buffer: ArrayBuffer, base: number, name: string): ValueGeometry | undefined {
  const view = readHeader(buffer, base, HEADER, name);
  if (view === undefined) return undefined;
  const flags = view.getUint32(layout.FLAGS, true);
  const [size, buffers] = [view.getUint32(layout.SIZE, true), view.getUint32(layout.BUFFERS, true)];
  const geometry = { size, buffers, checksum: flags === layout.FLAG_CHECKSUM };
  if (!isSound(geometry, flags, buffer.byteLength - base))
    refuseHeader(HEADER, name, "its sizes make no sense, or are more than there is");
  return geometry;
}

/** As readGeometry, where one must be. */
export function findGeometry(buffer: ArrayBuffer, base: number, name: string): ValueGeometry {
  return mustFind(readGeometry(buffer, base, name), HEADER, name);
}

/** What is there must be what was asked for; what was not asked for is taken as it is. */
export function checkAgreement(found: ValueGeometry, options: AskedSize, name: string): void {
  const { buffers, checksum } = options;
  const size = options.type?.size ?? options.size;
  demandAgreement(HEADER.noun, name, { ...found }, { size, buffers, checksum });
}
