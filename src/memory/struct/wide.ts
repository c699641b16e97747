// 64-bit integers: as bigints, in the way that is fast in this engine, or as numbers.

import { copiesWideWords } from "../../sys/compiled.ts";
import type { Family } from "./scalars.ts";

/** V8 before 13 calls out of compiled code for a bigint in a DataView (30 ns, an array 3). */
const byArray: Family<bigint> = () => ({
  u64: {
    get(view, at, _refusal, wide) {
      const index = at >>> 3;
      return (at & 7) === 0 && index < wide.length ? wide[index] : view.getBigUint64(at, true);
    },
    set(view, at, value, refusal, wide) {
      if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value) refusal.toSet(value);
      const index = at >>> 3;
      if ((at & 7) === 0 && index < wide.length) wide[index] = value;
      else view.setBigUint64(at, value, true);
    },
  },
  i64: {
    get(view, at, _refusal, wide) {
      const index = at >>> 3;
      const isInArray = (at & 7) === 0 && index < wide.length;
      return isInArray ? BigInt.asIntN(64, wide[index]) : view.getBigInt64(at, true);
    },
    set(view, at, value, refusal, wide) {
      if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) refusal.toSet(value);
      const index = at >>> 3;
      if ((at & 7) === 0 && index < wide.length) wide[index] = value;
      else view.setBigInt64(at, value, true);
    },
  },
});

/** JavaScriptCore compiles DataViews (10 to 20 ns), and calls out for arrays of bigints and for asUintN (50 to 90). */
const byView: Family<bigint> = () => ({
  u64: {
    get(view, at) {
      return view.getBigUint64(at, true);
    },
    set(view, at, value, refusal) {
      if (typeof value !== "bigint" || value < 0n || value > 0xffff_ffff_ffff_ffffn) refusal.toSet(value);
      view.setBigUint64(at, value, true);
    },
  },
  i64: {
    get(view, at) {
      return view.getBigInt64(at, true);
    },
    set(view, at, value, refusal) {
      const fits = typeof value === "bigint" && value >= -0x8000_0000_0000_0000n && value <= 0x7fff_ffff_ffff_ffffn;
      if (!fits) refusal.toSet(value);
      view.setBigInt64(at, value, true);
    },
  },
});

/** The engine, not the runtime, decides. */
export const wide: Family<bigint> = copiesWideWords ? byArray : byView;

/**
 * Two halves of 32 bits, never a bigint; so not for a word that somebody else changes meanwhile. What is no safe integer
 * shows in the high half: a fraction, NaN, infinity, or more than 21 bits. So the checks are few, and short enough for
 * engines to inline them.
 */
export const numbers: Family<number> = () => ({
  'asNumber("u64")': {
    get(view, at, refusal) {
      const high = view.getUint32(at + 4, true);
      if (high > 0x1f_ffff) refusal.toGet(view.getBigUint64(at, true));
      return high * 0x1_0000_0000 + view.getUint32(at, true);
    },
    set(view, at, value, refusal) {
      const low = typeof value === "number" ? value >>> 0 : refusal.toSet(value);
      const high = (value - low) / 0x1_0000_0000;
      if ((high & 0x1f_ffff) !== high) refusal.toSet(value);
      view.setUint32(at, low, true);
      view.setUint32(at + 4, high, true);
    },
  },
  'asNumber("i64")': {
    get(view, at, refusal) {
      const value = view.getInt32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
      if (value > 0x1f_ffff_ffff_ffff || value < -0x1f_ffff_ffff_ffff) refusal.toGet(view.getBigInt64(at, true));
      return value;
    },
    set(view, at, value, refusal) {
      const low = typeof value === "number" ? value >>> 0 : refusal.toSet(value);
      const high = (value - low) / 0x1_0000_0000;
      if ((high | 0) !== high || high > 0x1f_ffff || value < -0x1f_ffff_ffff_ffff) refusal.toSet(value);
      view.setUint32(at, low, true);
      view.setInt32(at + 4, high, true);
    },
  },
});
