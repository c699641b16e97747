// Accessor classes: a getter and a setter for each field, on a prototype of the struct's own.

import { type Item, type Kind, Place, type Views } from "./kind.ts";
import { ownCopy } from "./own_copy.ts";
import { refuse, refuseUnsafe } from "./refuse.ts";
import { type Describe, type Family, small, words } from "./scalars.ts";
import { numbers, wide } from "./wide.ts";

/** A field and its place in the struct. */
export interface Placed {
  readonly name: string;
  /** What messages call it; its name unless said. */
  readonly label?: string;
  readonly kind: Kind;
  /** Bytes from the start of the struct. */
  readonly offset: number;
}

/** How fields that are no scalars are reached: through an accessor of their own, re-pointed at each look. */
const parts = () => (offset: number, slot: number, kind: Kind, label: string) => {
  const partOf = (place: StructPlace): Item => {
    place.$parts ??= [];
    place.$parts[slot] ??= kind.place(place, 0, label);
    const part = place.$parts[slot];
    part.$base = place.$base + offset;
    return part;
  };
  return {
    get(this: StructPlace) {
      return partOf(this).$item;
    },
    set(this: StructPlace, value: unknown) {
      partOf(this).$item = value;
    },
  };
};

const familyOf: Readonly<Record<string, Family>> = {
  ...Object.fromEntries(["u8", "i8", "u16", "i16", "bool"].map((form) => [form, small])),
  ...Object.fromEntries(["u32", "i32", "f32", "f64"].map((form) => [form, words])),
  ...Object.fromEntries(["u64", "i64"].map((form) => [form, wide])),
  ...Object.fromEntries(['asNumber("u64")', 'asNumber("i64")'].map((form) => [form, numbers])),
};

/** How one field is got and set; `this` is the accessor. */
interface Way {
  get(this: Place): unknown;
  set(this: Place, value: unknown): void;
}

/** Describes fields of one struct, with one copy of each family that it needs. */
function describer(): (field: Placed, slot: number) => Way {
  const copies = new Map<Family, Readonly<Record<string, Describe>>>();
  let describePart: ReturnType<typeof parts> | undefined;
  return ({ kind, offset, name, label = name }, slot) => {
    const { form } = kind;
    if (form === undefined) {
      describePart ??= ownCopy(parts);
      return describePart(offset, slot, kind, label);
    }
    const family = familyOf[form];
    const copy = copies.get(family) ?? ownCopy(family);
    copies.set(family, copy);
    const fail = (value: unknown): never => refuse(form, label, value);
    const failUnsafe = (value: unknown): never => refuseUnsafe(form, label, value);
    return copy[form](offset, fail, failUnsafe) as Way;
  };
}

/** An accessor of a struct, with those of its fields that are no scalars, made when first asked for. */
interface StructPlace extends Place {
  $parts: Item[] | undefined;
}

/** The class itself is copied, too: JavaScriptCore gives objects of one class text one hidden class, and then looks up. */
const placeClass = (Base: typeof Place) =>
  class Accessor extends Base implements StructPlace {
    declare readonly $view: DataView;
    declare readonly $wide: BigUint64Array;
    declare $base: number;
    declare $parts: Item[] | undefined;

    constructor(views: Views, base: number) {
      super();
      this.$view = views.$view;
      this.$wide = views.$wide;
      this.$base = base;
      this.$parts = undefined;
    }
  };

/** The accessors of one struct. */
export type AccessorClass = new (views: Views, base: number) => Place;

/** A class of accessors for these fields. */
export function accessorClass(fields: readonly Placed[]): AccessorClass {
  const Class = ownCopy(placeClass, Place);
  const describe = describer();
  for (const [slot, field] of fields.entries()) {
    Object.defineProperty(Class.prototype, field.name, { ...describe(field, slot), enumerable: true });
  }
  return Class;
}
