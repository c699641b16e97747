// 64-bit integers as numbers: asNumber.

import type { Family } from "./scalars.ts";

/**
 * Two halves of 32 bits, never a bigint; so not for a word that somebody else changes meanwhile. Engines compile the check
 * in, and what they store of a number modulo 2 ** 32 is its low half. The high one is a multiple of 2 ** -32 before it is
 * rounded down, and exact.
 */
export const numbers: Family<number> = () => ({
  'asNumber("u64")': {
    get(views, at, refusal) {
      const high = views.$view.getUint32(at + 4, true);
      if (high > 0x1f_ffff) refusal.toGet(views.$view.getBigUint64(at, true));
      return high * 0x1_0000_0000 + views.$view.getUint32(at, true);
    },
    set(views, at, value, refusal) {
      if (!Number.isSafeInteger(value) || value < 0) refusal.toSet(value);
      views.$view.setUint32(at, value, true);
      views.$view.setUint32(at + 4, Math.floor(value * 2 ** -32), true);
    },
  },
  'asNumber("i64")': {
    get(views, at, refusal) {
      const value = views.$view.getInt32(at + 4, true) * 0x1_0000_0000 + views.$view.getUint32(at, true);
      if (value > 0x1f_ffff_ffff_ffff || value < -0x1f_ffff_ffff_ffff) refusal.toGet(views.$view.getBigInt64(at, true));
      return value;
    },
    set(views, at, value, refusal) {
      if (!Number.isSafeInteger(value)) refusal.toSet(value);
      views.$view.setUint32(at, value, true);
      views.$view.setInt32(at + 4, Math.floor(value * 2 ** -32), true);
    },
  },
});
