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
    get(views, at) {
      return views.$view.getUint8(at);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number" || (value & 0xff) !== value) refusal.toSet(value);
      views.$view.setUint8(at, value);
    },
  },
  i8: {
    get(views, at) {
      return views.$view.getInt8(at);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number" || (value << 24) >> 24 !== value) refusal.toSet(value);
      views.$view.setInt8(at, value);
    },
  },
  u16: {
    get(views, at) {
      return views.$view.getUint16(at, true);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number" || (value & 0xffff) !== value) refusal.toSet(value);
      views.$view.setUint16(at, value, true);
    },
  },
  i16: {
    get(views, at) {
      return views.$view.getInt16(at, true);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number" || (value << 16) >> 16 !== value) refusal.toSet(value);
      views.$view.setInt16(at, value, true);
    },
  },
});

export const logical: Family<boolean> = () => ({
  bool: {
    get(views, at) {
      return views.$view.getUint8(at) !== 0;
    },
    set(views, at, value, refusal) {
      if (value !== true && value !== false) refusal.toSet(value);
      views.$view.setUint8(at, value ? 1 : 0);
    },
  },
});

export const words: Family<number> = () => ({
  u32: {
    get(views, at) {
      return views.$view.getUint32(at, true);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number" || value >>> 0 !== value) refusal.toSet(value);
      views.$view.setUint32(at, value, true);
    },
  },
  i32: {
    get(views, at) {
      return views.$view.getInt32(at, true);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number" || (value | 0) !== value) refusal.toSet(value);
      views.$view.setInt32(at, value, true);
    },
  },
  f32: {
    get(views, at) {
      return views.$view.getFloat32(at, true);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number") refusal.toSet(value);
      views.$view.setFloat32(at, value, true);
    },
  },
  f64: {
    get(views, at) {
      return views.$view.getFloat64(at, true);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number") refusal.toSet(value);
      views.$view.setFloat64(at, value, true);
    },
  },
});
