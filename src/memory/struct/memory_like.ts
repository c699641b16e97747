// MemoryLike: what a struct can be laid over, and the range of bytes that it means.

import { copiesWideWords, prefersElements } from "../../sys/compiled.ts";
import { isArrayBuffer, isSharedArrayBuffer } from "../../sys/realm.ts";
import { type Kind, Place, type Views } from "./kind.ts";
import { show } from "./refuse.ts";

/** Bytes of any kind: a buffer, a view of one, or anything with `bytes`: SharedMemory, MappedFile. */
export type MemoryLike = ArrayBufferLike | ArrayBufferView | { readonly bytes: ArrayBufferView };

/** A range of a buffer. */
export interface Range {
  readonly buffer: ArrayBufferLike;
  /** Bytes from the start of the buffer. */
  readonly start: number;
  readonly length: number;
}

/** Above this a byte number does not fit 32 bits, and nothing goes through arrays. */
const ARRAYS_MOST_BYTES = 2 ** 32;
/** A page. Smaller buffers are no mappings but messages, which come and go: arrays over each would take more than they save. */
const ELEMENTS_LEAST_BYTES = 4096;

function rangeOfView({ buffer, byteOffset, byteLength }: ArrayBufferView): Range {
  return { buffer, start: byteOffset, length: byteLength };
}

function rangeOfBuffer(buffer: ArrayBufferLike): Range {
  return { buffer, start: 0, length: buffer.byteLength };
}

/** All the bytes that `memory` means. */
export function rangeOf(memory: unknown): Range {
  if (memory instanceof Place) {
    const { $view, $base, $size } = memory as Place & { readonly $size: number };
    return { buffer: $view.buffer, start: $base, length: $size };
  }
  if (ArrayBuffer.isView(memory)) return rangeOfView(memory);
  if (memory instanceof ArrayBuffer || memory instanceof SharedArrayBuffer) return rangeOfBuffer(memory);
  const bytes = (memory as { bytes?: unknown } | null | undefined)?.bytes;
  if (ArrayBuffer.isView(bytes)) return rangeOfView(bytes);
  if (isArrayBuffer(memory) || isSharedArrayBuffer(memory)) return rangeOfBuffer(memory); // of another realm
  throw new TypeError(`memory must be a buffer, a view of one, or have bytes, not ${show(memory)}`);
}

/** The byte of the buffer where an item of this kind stands that begins `byteOffset` bytes into `range`. */
export function placeIn({ start, length }: Range, byteOffset: number, kind: Kind, verb: string): number {
  const { size } = kind;
  if (Number.isInteger(byteOffset) && byteOffset >= 0 && byteOffset + size <= length) return start + byteOffset;
  if (typeof byteOffset !== "number") throw new TypeError(`byteOffset must be a number, not ${show(byteOffset)}`);
  const need = `that takes ${size} bytes, the memory has ${length}${length === 0 ? " (is it closed?)" : ""}`;
  throw new RangeError(`Cannot ${verb} ${kind.label} at byte ${byteOffset}: ${need}`);
}

/** Accessors stand where C would let the struct stand, or the peer's compiler may read it wrong. */
export function checkPlace(at: number, { label, alignment }: Kind): void {
  if (at % alignment === 0) return;
  const hint = "read and write take any byte, and so does a packed struct";
  throw new RangeError(
    `Cannot lay ${label} over byte ${at} of the buffer: its alignment is ${alignment} bytes (${hint})`,
  );
}

/** What a buffer is seen through, with what is made when it is first needed. */
export interface BufferViews extends Views {
  $u32: Uint32Array;
  $f64: Float64Array;
  $bytes: Uint8Array | undefined;
}

const noWide = new BigUint64Array(0);
const noWords = new Uint32Array(0);
const noDoubles = new Float64Array(0);

/** Of a buffer that may grow, as large as it may become. */
const fitsArrays = (buffer: ArrayBufferLike): boolean =>
  Math.max(buffer.byteLength, buffer.maxByteLength ?? 0) <= ARRAYS_MOST_BYTES;

const viewsOfBuffers = new WeakMap<ArrayBufferLike, BufferViews>();

function makeViews(buffer: ArrayBufferLike): BufferViews {
  const $view = new DataView(buffer);
  const hasWide = copiesWideWords && fitsArrays(buffer);
  const $wide = hasWide ? new BigUint64Array(buffer, 0, Math.floor(buffer.byteLength / 8)) : noWide;
  return { $view, $wide, $u32: noWords, $f64: noDoubles, $bytes: undefined };
}

/** The views through which a buffer is read and written; made once. */
export function viewsOf(buffer: ArrayBufferLike): BufferViews {
  const known = viewsOfBuffers.get(buffer);
  if (known !== undefined) return known;
  const made = makeViews(buffer);
  viewsOfBuffers.set(buffer, made);
  return made;
}

/** The same for accessors: with arrays whose elements are aligned fields, where the engine is faster so. */
export function elementsOf(buffer: ArrayBufferLike): Views {
  const views = viewsOf(buffer);
  const { byteLength } = buffer;
  if (prefersElements && views.$u32 === noWords && byteLength >= ELEMENTS_LEAST_BYTES && fitsArrays(buffer)) {
    views.$u32 = new Uint32Array(buffer, 0, Math.floor(byteLength / 4));
    views.$f64 = new Float64Array(buffer, 0, Math.floor(byteLength / 8));
  }
  return views;
}

function bytesOf(views: BufferViews): Uint8Array {
  views.$bytes ??= new Uint8Array(views.$view.buffer);
  return views.$bytes;
}

/** From here on one call of the engine, which takes some 20 ns, is faster than a loop. */
const LOOP_MAX_BYTES = 32;

/** Copies all of `from`, `size` bytes, to byte `at`. */
export function copyBytes(from: BufferViews, to: BufferViews, at: number, size: number): void {
  if (size > LOOP_MAX_BYTES) {
    bytesOf(to).set(bytesOf(from), at);
    return;
  }
  let done = 0;
  for (; done + 4 <= size; done += 4) to.$view.setInt32(at + done, from.$view.getInt32(done, true), true);
  for (; done < size; done++) to.$view.setInt8(at + done, from.$view.getInt8(done));
}
