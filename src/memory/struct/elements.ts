// Scalars of accessors that stand aligned, as elements of typed arrays: for JavaScriptCore, which takes half the time for
// them (V8 takes more, where the accessor moves). An array that ends before, as all do once their buffer is detached, has
// undefined there, and then the DataView says what is wrong.

import type { Family } from "./scalars.ts";

export const wordElements: Family<number> = () => ({
  u32: {
    get(views, at) {
      const value = views.$u32[at >>> 2];
      return value === undefined ? views.$view.getUint32(at, true) : value;
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number" || value >>> 0 !== value) refusal.toSet(value);
      const index = at >>> 2;
      const elements = views.$u32;
      if (index < elements.length) elements[index] = value;
      else views.$view.setUint32(at, value, true);
    },
  },
  i32: {
    get(views, at) {
      const value = views.$u32[at >>> 2];
      return value === undefined ? views.$view.getInt32(at, true) : value | 0;
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number" || (value | 0) !== value) refusal.toSet(value);
      const index = at >>> 2;
      const elements = views.$u32;
      if (index < elements.length) elements[index] = value;
      else views.$view.setInt32(at, value, true);
    },
  },
  f64: {
    get(views, at) {
      const value = views.$f64[at >>> 3];
      return value === undefined ? views.$view.getFloat64(at, true) : value;
    },
    set(views, at, value, refusal) {
      if (typeof value !== "number") refusal.toSet(value);
      const index = at >>> 3;
      const elements = views.$f64;
      if (index < elements.length) elements[index] = value;
      else views.$view.setFloat64(at, value, true);
    },
  },
});

/** As numbers.ts, with what is quick here; undefined, behind the array's end, is below no limit. */
export const numberElements: Family<number> = () => ({
  'asNumber("u64")': {
    get(views, at, refusal) {
      const index = at >>> 2;
      const elements = views.$u32;
      const high = elements[index + 1];
      if (high <= 0x1f_ffff) return high * 0x1_0000_0000 + elements[index];
      const value = views.$view.getBigUint64(at, true);
      return value <= 0x1f_ffff_ffff_ffffn ? Number(value) : refusal.toGet(value);
    },
    set(views, at, value, refusal) {
      if (!Number.isSafeInteger(value) || value < 0) refusal.toSet(value);
      const index = at >>> 2;
      const elements = views.$u32;
      if (index + 1 < elements.length) {
        elements[index] = value;
        elements[index + 1] = value * 2 ** -32;
      } else views.$view.setBigUint64(at, BigInt(value), true);
    },
  },
  'asNumber("i64")': {
    get(views, at, refusal) {
      const index = at >>> 2;
      const elements = views.$u32;
      if (index + 1 < elements.length) {
        const whole = (elements[index + 1] | 0) * 0x1_0000_0000 + elements[index];
        if (whole <= 0x1f_ffff_ffff_ffff && whole >= -0x1f_ffff_ffff_ffff) return whole;
      }
      const value = views.$view.getBigInt64(at, true);
      const isSafe = value <= 0x1f_ffff_ffff_ffffn && value >= -0x1f_ffff_ffff_ffffn;
      return isSafe ? Number(value) : refusal.toGet(value);
    },
    set(views, at, value, refusal) {
      if (!Number.isSafeInteger(value)) refusal.toSet(value);
      const index = at >>> 2;
      const elements = views.$u32;
      if (index + 1 < elements.length) {
        elements[index] = value;
        elements[index + 1] = Math.floor(value * 2 ** -32);
      } else views.$view.setBigInt64(at, BigInt(value), true);
    },
  },
});
