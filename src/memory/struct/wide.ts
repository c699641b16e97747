// 64-bit integers: as bigints, in the way that is fast in this engine, or as numbers.

import { copiesWideWords } from "../../sys/compiled.ts";
import type { Family } from "./scalars.ts";

/** V8 before 13 calls out of compiled code for a bigint in a DataView (30 ns, an array 3). */
const byArray: Family = () => ({
  u64: (offset, fail) => ({
    get() {
      const at = this.$base + offset;
      const index = at >>> 3;
      const wide = this.$wide;
      return (at & 7) === 0 && index < wide.length ? wide[index] : this.$view.getBigUint64(at, true);
    },
    set(value) {
      if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value) fail(value);
      const at = this.$base + offset;
      const index = at >>> 3;
      const wide = this.$wide;
      if ((at & 7) === 0 && index < wide.length) wide[index] = value;
      else this.$view.setBigUint64(at, value, true);
    },
  }),
  i64: (offset, fail) => ({
    get() {
      const at = this.$base + offset;
      const index = at >>> 3;
      const wide = this.$wide;
      const isInArray = (at & 7) === 0 && index < wide.length;
      return isInArray ? BigInt.asIntN(64, wide[index]) : this.$view.getBigInt64(at, true);
    },
    set(value) {
      if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) fail(value);
      const at = this.$base + offset;
      const index = at >>> 3;
      const wide = this.$wide;
      if ((at & 7) === 0 && index < wide.length) wide[index] = value;
      else this.$view.setBigInt64(at, value, true);
    },
  }),
});

/** JavaScriptCore compiles DataViews (10 to 20 ns), and calls out for arrays of bigints and for asUintN (50 to 90). */
const byView: Family = () => ({
  u64: (offset, fail) => ({
    get() {
      return this.$view.getBigUint64(this.$base + offset, true);
    },
    set(value) {
      if (typeof value !== "bigint" || value < 0n || value > 0xffff_ffff_ffff_ffffn) fail(value);
      this.$view.setBigUint64(this.$base + offset, value, true);
    },
  }),
  i64: (offset, fail) => ({
    get() {
      return this.$view.getBigInt64(this.$base + offset, true);
    },
    set(value) {
      const fits = typeof value === "bigint" && value >= -0x8000_0000_0000_0000n && value <= 0x7fff_ffff_ffff_ffffn;
      if (!fits) fail(value);
      this.$view.setBigInt64(this.$base + offset, value, true);
    },
  }),
});

/** The engine, not the runtime, decides. */
export const wide: Family = copiesWideWords ? byArray : byView;

/**
 * Two halves of 32 bits, never a bigint; so not for a word that somebody else changes meanwhile. What is no safe integer
 * shows in the high half: a fraction, NaN, infinity, or more than 21 bits. So the checks are few, and short enough for
 * engines to inline them.
 */
export const numbers: Family = () => ({
  'asNumber("u64")': (offset, fail, failUnsafe) => ({
    get() {
      const at = this.$base + offset;
      const high = this.$view.getUint32(at + 4, true);
      if (high > 0x1f_ffff) failUnsafe(this.$view.getBigUint64(at, true));
      return high * 0x1_0000_0000 + this.$view.getUint32(at, true);
    },
    set(value) {
      const low = typeof value === "number" ? value >>> 0 : fail(value);
      const high = (value - low) / 0x1_0000_0000;
      if ((high & 0x1f_ffff) !== high) fail(value);
      const at = this.$base + offset;
      this.$view.setUint32(at, low, true);
      this.$view.setUint32(at + 4, high, true);
    },
  }),
  'asNumber("i64")': (offset, fail, failUnsafe) => ({
    get() {
      const at = this.$base + offset;
      const value = this.$view.getInt32(at + 4, true) * 0x1_0000_0000 + this.$view.getUint32(at, true);
      if (value > 0x1f_ffff_ffff_ffff || value < -0x1f_ffff_ffff_ffff) failUnsafe(this.$view.getBigInt64(at, true));
      return value;
    },
    set(value) {
      const low = typeof value === "number" ? value >>> 0 : fail(value);
      const high = (value - low) / 0x1_0000_0000;
      if ((high | 0) !== high || high > 0x1f_ffff || value < -0x1f_ffff_ffff_ffff) fail(value);
      const at = this.$base + offset;
      this.$view.setUint32(at, low, true);
      this.$view.setInt32(at + 4, high, true);
    },
  }),
});
