// 64-bit integers as numbers: asNumber.

import type { Family } from "./scalars.ts";

/**
 * Two halves of 32 bits, never a bigint; so not for a word that somebody else changes meanwhile. What is no safe integer
 * shows in the high half: a fraction, NaN, infinity, or more than 21 bits. So the checks are few, and short enough for
 * engines to inline them.
 */
export const numbers: Family<number> = () => ({
  'asNumber("u64")': {
    get(views, at, refusal) {
      const high = views.$view.getUint32(at + 4, true);
      if (high > 0x1f_ffff) refusal.toGet(views.$view.getBigUint64(at, true));
      return high * 0x1_0000_0000 + views.$view.getUint32(at, true);
    },
    set(views, at, value, refusal) {
      const low = typeof value === "number" ? value >>> 0 : refusal.toSet(value);
      const high = (value - low) * 2 ** -32;
      if ((high & 0x1f_ffff) !== high) refusal.toSet(value);
      views.$view.setUint32(at, low, true);
      views.$view.setUint32(at + 4, high, true);
    },
  },
  'asNumber("i64")': {
    get(views, at, refusal) {
      const value = views.$view.getInt32(at + 4, true) * 0x1_0000_0000 + views.$view.getUint32(at, true);
      if (value > 0x1f_ffff_ffff_ffff || value < -0x1f_ffff_ffff_ffff) refusal.toGet(views.$view.getBigInt64(at, true));
      return value;
    },
    set(views, at, value, refusal) {
      const low = typeof value === "number" ? value >>> 0 : refusal.toSet(value);
      const high = (value - low) * 2 ** -32;
      if ((high | 0) !== high || high > 0x1f_ffff || value < -0x1f_ffff_ffff_ffff) refusal.toSet(value);
      views.$view.setUint32(at, low, true);
      views.$view.setInt32(at + 4, high, true);
    },
  },
});
