// Scalars: sizes, C types, and how an accessor gets and sets each of them. Everything is little endian.

import type { Place } from "./kind.ts";

/** The names of the scalar types. 64-bit integers are bigints, `bool` is a boolean, the others are numbers. */
export type ScalarName = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "u64" | "i64" | "f32" | "f64" | "bool";

/** A scalar, or a 64-bit one seen as a number. */
export type ScalarForm = ScalarName | 'asNumber("u64")' | 'asNumber("i64")';

/** Throws what is wrong with the value. */
export type Fail = (value: unknown) => never;

/**
 * Makes the getter and the setter of the scalar that stands `offset` bytes behind the accessor's base. `fail` says that a
 * value cannot be set, `failUnsafe` that one cannot be got.
 */
export type Describe = (offset: number, fail: Fail, failUnsafe: Fail) => PropertyDescriptor & ThisType<Place>;

/** A family of scalars. Each struct compiles the families it uses for itself, see own_copy.ts. */
export type Family = () => Readonly<Record<string, Describe>>;

export const small: Family = () => ({
  u8: (offset, fail) => ({
    get() {
      return this.$view.getUint8(this.$base + offset);
    },
    set(value) {
      if (typeof value !== "number" || (value & 0xff) !== value) fail(value);
      this.$view.setUint8(this.$base + offset, value);
    },
  }),
  i8: (offset, fail) => ({
    get() {
      return this.$view.getInt8(this.$base + offset);
    },
    set(value) {
      if (typeof value !== "number" || (value << 24) >> 24 !== value) fail(value);
      this.$view.setInt8(this.$base + offset, value);
    },
  }),
  u16: (offset, fail) => ({
    get() {
      return this.$view.getUint16(this.$base + offset, true);
    },
    set(value) {
      if (typeof value !== "number" || (value & 0xffff) !== value) fail(value);
      this.$view.setUint16(this.$base + offset, value, true);
    },
  }),
  i16: (offset, fail) => ({
    get() {
      return this.$view.getInt16(this.$base + offset, true);
    },
    set(value) {
      if (typeof value !== "number" || (value << 16) >> 16 !== value) fail(value);
      this.$view.setInt16(this.$base + offset, value, true);
    },
  }),
  bool: (offset, fail) => ({
    get() {
      return this.$view.getUint8(this.$base + offset) !== 0;
    },
    set(value) {
      if (value !== true && value !== false) fail(value);
      this.$view.setUint8(this.$base + offset, value ? 1 : 0);
    },
  }),
});

export const words: Family = () => ({
  u32: (offset, fail) => ({
    get() {
      return this.$view.getUint32(this.$base + offset, true);
    },
    set(value) {
      if (typeof value !== "number" || value >>> 0 !== value) fail(value);
      this.$view.setUint32(this.$base + offset, value, true);
    },
  }),
  i32: (offset, fail) => ({
    get() {
      return this.$view.getInt32(this.$base + offset, true);
    },
    set(value) {
      if (typeof value !== "number" || (value | 0) !== value) fail(value);
      this.$view.setInt32(this.$base + offset, value, true);
    },
  }),
  f32: (offset, fail) => ({
    get() {
      return this.$view.getFloat32(this.$base + offset, true);
    },
    set(value) {
      if (typeof value !== "number") fail(value);
      this.$view.setFloat32(this.$base + offset, value, true);
    },
  }),
  f64: (offset, fail) => ({
    get() {
      return this.$view.getFloat64(this.$base + offset, true);
    },
    set(value) {
      if (typeof value !== "number") fail(value);
      this.$view.setFloat64(this.$base + offset, value, true);
    },
  }),
});
