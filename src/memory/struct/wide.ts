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

/** Two halves of 32 bits, never a bigint; so not for a word that somebody else changes meanwhile. */
export const numbers: Family = () => ({
  'asNumber("u64")': (offset, fail, failUnsafe) => ({
    get() {
      const at = this.$base + offset;
      const value = this.$view.getUint32(at + 4, true) * 0x1_0000_0000 + this.$view.getUint32(at, true);
      if (value > Number.MAX_SAFE_INTEGER) failUnsafe(this.$view.getBigUint64(at, true));
      return value;
    },
    set(value) {
      const fits = typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
      if (!fits || Math.floor(value) !== value) fail(value);
      const at = this.$base + offset;
      this.$view.setUint32(at, value >>> 0, true);
      this.$view.setUint32(at + 4, (value / 0x1_0000_0000) >>> 0, true);
    },
  }),
  'asNumber("i64")': (offset, fail, failUnsafe) => ({
    get() {
      const at = this.$base + offset;
      const value = this.$view.getInt32(at + 4, true) * 0x1_0000_0000 + this.$view.getUint32(at, true);
      const isSafe = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
      if (!isSafe) failUnsafe(this.$view.getBigInt64(at, true));
      return value;
    },
    set(value) {
      const fits = typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
      if (!fits || Math.floor(value) !== value) fail(value);
      const at = this.$base + offset;
      this.$view.setUint32(at, value >>> 0, true);
      this.$view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true);
    },
  }),
});
