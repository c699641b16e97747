// The options of LatestValue's ways in, and the shape of the types whose values it holds.

import type { ObjectCreateOptions, ObjectOpenOptions, ObjectOverOptions } from "../../memory/placement.ts";
import type { OwnBytes } from "../../sys/copy.ts";

/**
 * A type of fixed size that can be read from bytes and written to them: what `struct` makes, or anything of this shape.
 * `write` may be called on bytes of an older value, and must fill all of them.
 */
export interface ValueType<Value, Given = Value> {
  /** Bytes of a value. */
  readonly size: number;
  /** The value at `byteOffset`, sharing nothing with the memory. */
  read(memory: DataView, byteOffset: number): Value;
  /** Writes `value` over the bytes from `byteOffset`. What it throws reaches the caller, and nothing is published. */
  write(memory: DataView, byteOffset: number, value: Given): void;
}

/** How this process uses a latest value. */
export interface LatestValueUse {
  /**
   * How long a blocking wait spins before it sleeps, milliseconds; measured once per process unless said. An awaiting one
   * looks again in each turn of the event loop for as long, 0.2 unless said, where that has paid of late.
   */
  spinMs?: number | undefined;
  /** `"atomic"` publishes with atomic operations also on x86-64, where plain stores are ordered enough and faster. */
  ordering?: "auto" | "atomic" | undefined;
}

/** A latest value of bytes. */
export interface LatestValueOfBytes {
  /** Bytes of the largest value, up to 2 ** 28; or give a `type`. */
  size: number;
  /** Not beside a `size`. */
  type?: undefined;
}

/** A latest value of values. */
export interface LatestValueOfType<Value, Given> {
  /** What the bytes mean: a struct. */
  type: ValueType<Value, Given>;
  /** Not beside a `type`, which has one. */
  size?: undefined;
}

/** What a latest value holds: bytes of at most `size`, or values of a `type`; one of the two. */
export type LatestValueContent<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer> =
  | LatestValueOfBytes
  | LatestValueOfType<Value, Given>;

/** What can be left out where one exists: its own is taken then. */
export interface LatestValueDetails {
  /** A power of two from 4 to 1024: how far the writer may run ahead of a slow reader. 8 for up to 4096 bytes, else 4. */
  buffers?: number | undefined;
  /** Each value carries a checksum, so that `sync` makes it survive power loss and a half-written copy is found. */
  checksum?: boolean | undefined;
}

/** How large a latest value is. */
export type LatestValueSize<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer> = LatestValueDetails &
  LatestValueContent<Value, Given>;

/** What was asked for, before it is checked that there is one of the two, and not both. */
export interface AskedSize extends LatestValueDetails {
  size?: number;
  type?: ValueType<unknown, never>;
}

/** How `LatestValue.create` and `openOrCreate` make one. */
export type LatestValueCreateOptions<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer> = LatestValueSize<
  Value,
  Given
> &
  LatestValueUse &
  ObjectCreateOptions;

/** How `LatestValue.open` opens. */
export interface LatestValueOpenOptions<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer>
  extends LatestValueUse,
    ObjectOpenOptions {
  /** What the bytes mean; its size must be the size of the values. Bytes unless said. */
  type?: ValueType<Value, Given> | undefined;
  /** Only to look: needs no permission to write. There is no writer then, `nextSync` and `next` are EACCES. */
  readOnly?: boolean | undefined;
}

/** How `LatestValue.over` lays or finds one in a memory. Without `size` and `type` one must be there. */
export type LatestValueOverOptions<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer> = (
  | { size?: number | undefined; type?: undefined }
  | LatestValueOfType<Value, Given>
) &
  LatestValueDetails &
  LatestValueUse &
  ObjectOverOptions;

/** The names of `LatestValueUse`. */
export const USE_OPTIONS = ["spinMs", "ordering"];
/** The names of `LatestValueSize`. */
export const SIZE_OPTIONS = ["size", "type", "buffers", "checksum"];
