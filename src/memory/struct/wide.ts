// 64-bit integers as bigints, in the way that is fast in this engine.

import { copiesWideWords } from "../../sys/compiled.ts";
import type { Family } from "./scalars.ts";

/** V8 before 13 calls out of compiled code for a bigint in a DataView (30 ns, an array 3). */
const byArray: Family<bigint> = () => ({
  u64: {
    get(views, at) {
      const index = at >>> 3;
      return (at & 7) === 0 && index < views.$wide.length ? views.$wide[index] : views.$view.getBigUint64(at, true);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value) refusal.toSet(value);
      const index = at >>> 3;
      if ((at & 7) === 0 && index < views.$wide.length) views.$wide[index] = value;
      else views.$view.setBigUint64(at, value, true);
    },
  },
  i64: {
    get(views, at) {
      const index = at >>> 3;
      const isInArray = (at & 7) === 0 && index < views.$wide.length;
      return isInArray ? BigInt.asIntN(64, views.$wide[index]) : views.$view.getBigInt64(at, true);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) refusal.toSet(value);
      const index = at >>> 3;
      if ((at & 7) === 0 && index < views.$wide.length) views.$wide[index] = value;
      else views.$view.setBigInt64(at, value, true);
    },
  },
});

/** JavaScriptCore compiles DataViews (10 to 20 ns), and calls out for arrays of bigints and for asUintN (50 to 90). */
const byView: Family<bigint> = () => ({
  u64: {
    get(views, at) {
      return views.$view.getBigUint64(at, true);
    },
    set(views, at, value, refusal) {
      if (typeof value !== "bigint" || value < 0n || value > 0xffff_ffff_ffff_ffffn) refusal.toSet(value);
      views.$view.setBigUint64(at, value, true);
    },
  },
  i64: {
    get(views, at) {
      return views.$view.getBigInt64(at, true);
    },
    set(views, at, value, refusal) {
      const fits = typeof value === "bigint" && value >= -0x8000_0000_0000_0000n && value <= 0x7fff_ffff_ffff_ffffn;
      if (!fits) refusal.toSet(value);
      views.$view.setBigInt64(at, value, true);
    },
  },
});

/** The engine, not the runtime, decides. */
export const wide: Family<bigint> = copiesWideWords ? byArray : byView;
