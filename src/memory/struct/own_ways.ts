// OwnWays: how scalars are got and set, compiled once more for one struct or array.

import { prefersElements } from "../../sys/compiled.ts";
import { numberElements, wordElements } from "./elements.ts";
import type { OwnWays, Way } from "./kind.ts";
import { numbers } from "./numbers.ts";
import { ownCopy } from "./own_copy.ts";
import { type Family, logical, type ScalarForm, small, words } from "./scalars.ts";
import { wide } from "./wide.ts";

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

/** Of items that stand aligned; f32 has no array of its own, since there are few of them. */
const alignedFamilyOf: Readonly<Partial<Record<ScalarForm, Family>>> = {
  u32: wordElements,
  i32: wordElements,
  f64: wordElements,
  'asNumber("u64")': numberElements,
  'asNumber("i64")': numberElements,
};

/** One copy of each family that is asked for. Of accessors that stand aligned, or of what stands anywhere. */
export function ownWays(isAligned: boolean): OwnWays {
  const copies = new Map<Family, Readonly<Record<string, Way>>>();
  return {
    of(form) {
      const family = (isAligned && prefersElements ? alignedFamilyOf[form] : undefined) ?? familyOf[form];
      const copy = copies.get(family) ?? ownCopy(family);
      copies.set(family, copy);
      return copy[form];
    },
  };
}
