// MemoryLike: what a struct can be laid over, and the range of bytes that it means.

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

/** Above this a byte number does not fit 32 bits, and 64-bit fields go through the DataView. */
const WIDE_MAX_BYTES = 2 ** 32;
const noWide = new BigUint64Array(0);

function rangeOfView({ buffer, byteOffset, byteLength }: ArrayBufferView): Range {
  return { buffer, start: byteOffset, length: byteLength };
}

/** All the bytes that `memory` means. */
export function rangeOf(memory: unknown): Range {
  if (memory instanceof Place) {
    const { $view, $base, $size } = memory as Place & { readonly $size: number };
    return { buffer: $view.buffer, start: $base, length: $size };
  }
  if (ArrayBuffer.isView(memory)) return rangeOfView(memory);
  if (memory instanceof ArrayBuffer || memory instanceof SharedArrayBuffer) {
    return { buffer: memory, start: 0, length: memory.byteLength };
  }
  const bytes = (memory as { bytes?: unknown } | null | undefined)?.bytes;
  if (ArrayBuffer.isView(bytes)) return rangeOfView(bytes);
  throw new TypeError(`memory must be a buffer, a view of one, or have bytes, not ${show(memory)}`);
}

/** The bytes of `memory` from `byteOffset` that an item of this kind takes. */
export function part(memory: unknown, byteOffset: number, kind: Kind, verb: string): Range {
  const { buffer, start, length } = rangeOf(memory);
  const { size } = kind;
  if (Number.isInteger(byteOffset) && byteOffset >= 0 && byteOffset + size <= length) {
    return { buffer, start: start + byteOffset, length: size };
  }
  if (typeof byteOffset !== "number") throw new TypeError(`byteOffset must be a number, not ${show(byteOffset)}`);
  const need = `that takes ${size} bytes, the memory has ${length}${length === 0 ? " (is it closed?)" : ""}`;
  throw new RangeError(`Cannot ${verb} ${kind.label} at byte ${byteOffset}: ${need}`);
}

/** Accessors stand where C would let the struct stand, or the peer's compiler may read it wrong. */
export function checkPlace({ start }: Range, { label, alignment }: Kind): void {
  if (start % alignment === 0) return;
  const hint = "read and write take any byte, and so does a packed struct";
  throw new RangeError(
    `Cannot lay ${label} over byte ${start} of the buffer: its alignment is ${alignment} bytes (${hint})`,
  );
}

const viewsOfBuffers = new WeakMap<ArrayBufferLike, Views>();

/** The views through which accessors see a buffer; made once. */
export function viewsOf(buffer: ArrayBufferLike): Views {
  const known = viewsOfBuffers.get(buffer);
  if (known !== undefined) return known;
  const fits = Math.max(buffer.byteLength, buffer.maxByteLength ?? 0) <= WIDE_MAX_BYTES; // it may grow
  const views = {
    $view: new DataView(buffer),
    $wide: fits ? new BigUint64Array(buffer, 0, Math.floor(buffer.byteLength / 8)) : noWide,
  };
  viewsOfBuffers.set(buffer, views);
  return views;
}

/** From here on one call of the engine is faster than a loop. */
const LOOP_MAX_BYTES = 256;

/** Copies `size` bytes. Small structs word by word: making views and calling the engine would take 100 ns. */
export function copyBytes(from: DataView, fromAt: number, to: DataView, toAt: number, size: number): void {
  if (size > LOOP_MAX_BYTES) {
    new Uint8Array(to.buffer, toAt, size).set(new Uint8Array(from.buffer, fromAt, size));
    return;
  }
  let at = 0;
  for (; at + 4 <= size; at += 4) to.setInt32(toAt + at, from.getInt32(fromAt + at));
  for (; at < size; at++) to.setInt8(toAt + at, from.getInt8(fromAt + at));
}
