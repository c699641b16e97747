// OwnWays: how scalars are got and set, compiled once more for one struct or array.

import type { OwnWays, Way } from "./kind.ts";
import { ownCopy } from "./own_copy.ts";
import { type Family, logical, type ScalarForm, small, words } from "./scalars.ts";
import { numbers, wide } from "./wide.ts";

const familyOf: Readonly<Record<ScalarForm, Family>> = {
  u8: small,
  i8: small,
  u16: small,
  i16: small,
  bool: logical,
  u32: words,
  i32: words,
  f32: words,
  f64: words,
  u64: wide,
  i64: wide,
  'asNumber("u64")': numbers,
  'asNumber("i64")': numbers,
};

/** One copy of each family that is asked for. */
export function ownWays(): OwnWays {
  const copies = new Map<Family, Readonly<Record<string, Way>>>();
  return {
    of(form) {
      const family = familyOf[form];
      const copy = copies.get(family) ?? ownCopy(family);
      copies.set(family, copy);
      return copy[form];
    },
  };
}
