// Scalars: sizes, C types, and how an accessor gets and sets each of them. Everything is little endian.

import type { Way } from "./kind.ts";

/** The names of the scalar types. 64-bit integers are bigints, `bool` is a boolean, the others are numbers. */
export type ScalarName = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "u64" | "i64" | "f32" | "f64" | "bool";

/** A scalar, or a 64-bit one seen as a number. */
export type ScalarForm = ScalarName | 'asNumber("u64")' | 'asNumber("i64")';

/** How the scalars of a family are got and set. Each struct compiles the families that it uses for itself (own_copy.ts). */
export type Family<Value = unknown> = () => Readonly<Record<string, Way<Value>>>;

export const small: Family<number> = () => ({
  u8: {
    get(view, at) {
      return view.getUint8(at);
    },
    set(view, at, value, refusal) {
      if (typeof value !== "number" || (value & 0xff) !== value) refusal.toSet(value);
      view.setUint8(at, value);
    },
  },
  i8: {
    get(view, at) {
      return view.getInt8(at);
    },
    set(view, at, value, refusal) {
      if (typeof value !== "number" || (value << 24) >> 24 !== value) refusal.toSet(value);
      view.setInt8(at, value);
    },
  },
  u16: {
    get(view, at) {
      return view.getUint16(at, true);
    },
    set(view, at, value, refusal) {
      if (typeof value !== "number" || (value & 0xffff) !== value) refusal.toSet(value);
      view.setUint16(at, value, true);
    },
  },
  i16: {
    get(view, at) {
      return view.getInt16(at, true);
    },
    set(view, at, value, refusal) {
      if (typeof value !== "number" || (value << 16) >> 16 !== value) refusal.toSet(value);
      view.setInt16(at, value, true);
    },
  },
});

export const logical: Family<boolean> = () => ({
  bool: {
    get(view, at) {
      return view.getUint8(at) !== 0;
    },
    set(view, at, value, refusal) {
      if (value !== true && value !== false) refusal.toSet(value);
      view.setUint8(at, value ? 1 : 0);
    },
  },
});

export const words: Family<number> = () => ({
  u32: {
    get(view, at) {
      return view.getUint32(at, true);
    },
    set(view, at, value, refusal) {
      if (typeof value !== "number" || value >>> 0 !== value) refusal.toSet(value);
      view.setUint32(at, value, true);
    },
  },
  i32: {
    get(view, at) {
      return view.getInt32(at, true);
    },
    set(view, at, value, refusal) {
      if (typeof value !== "number" || (value | 0) !== value) refusal.toSet(value);
      view.setInt32(at, value, true);
    },
  },
  f32: {
    get(view, at) {
      return view.getFloat32(at, true);
    },
    set(view, at, value, refusal) {
      if (typeof value !== "number") refusal.toSet(value);
      view.setFloat32(at, value, true);
    },
  },
  f64: {
    get(view, at) {
      return view.getFloat64(at, true);
    },
    set(view, at, value, refusal) {
      if (typeof value !== "number") refusal.toSet(value);
      view.setFloat64(at, value, true);
    },
  },
});
