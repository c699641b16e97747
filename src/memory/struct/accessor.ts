// Accessor classes: a getter and a setter for each field, on a prototype of the struct's own.

import { Calls, type Placed } from "./calls.ts";
import { Composite } from "./composite.ts";
import { type OwnWays, Place, type Refusal, type Views, type Way } from "./kind.ts";
import { compiled, ownCopy } from "./own_copy.ts";
import { ownWays } from "./own_ways.ts";

/** A field that is a struct or an array. */
interface Inner extends Placed {
  readonly kind: Composite;
}

/** The accessor has one of it, under `key`, and re-points it at each look. */
interface Part extends Inner {
  readonly key: string;
}

const isInner = (field: Placed): field is Inner => field.kind instanceof Composite;

/** `this` of a field's getter and setter. */
type Holder = Place & Record<string, Place>;
type Described = PropertyDescriptor & ThisType<Holder>;

const valueField = ({ get, set }: Way, offset: number, refusal: Refusal): Described => ({
  get() {
    return get(this, this.$base + offset, refusal);
  },
  set(value) {
    set(this, this.$base + offset, value, refusal);
  },
});

const partField = ({ key, kind, offset }: Part): Described => ({
  get() {
    const part = this[key];
    part.$base = this.$base + offset;
    return part;
  },
  set(value) {
    kind.put(this.$view.buffer, this.$base + offset, value);
  },
});

/** What fields are made of. */
interface Given extends Pick<Calls, "ways" | "refusals"> {
  readonly parts: readonly Part[];
}

/** The same as text, all at once: each getter is compiled for itself, and `get` and `set` into it. */
function fieldsText(calls: Calls, values: readonly Placed[], parts: readonly Part[]): string {
  const ofValues = values.map(
    ({ name }, index) => `
      get ${name}() { return ${calls.get(index, "this", "this.$base")}; },
      set ${name}(value) { ${calls.set(index, "this", "this.$base", "value")}; },`,
  );
  const ofParts = parts.map(
    ({ name, key, offset }, index) => `
      get ${name}() { const part = this.${key}; part.$base = this.$base + ${offset}; return part; },
      set ${name}(value) { parts[${index}].kind.put(this.$view.buffer, this.$base + ${offset}, value); },`,
  );
  return `({ ways, refusals, parts }) => { ${calls.constants} return { ${[...ofValues, ...ofParts].join("")} }; }`;
}

/** Getters and setters of all fields. */
function describe(values: readonly Placed[], parts: readonly Part[], own: OwnWays): Record<string, PropertyDescriptor> {
  const all = values.map(({ kind }) => kind.shown(own));
  const calls = new Calls(values, all);
  const { ways, refusals } = calls;
  const made = compiled<(given: Given) => object>(fieldsText(calls, values, parts))?.({ ways, refusals, parts });
  if (made !== undefined) return Object.getOwnPropertyDescriptors(made);
  const ofValues = values.map(({ name, offset }, index) => [name, valueField(all[index], offset, refusals[index])]);
  return Object.fromEntries([...ofValues, ...parts.map((part) => [part.name, partField(part)])]);
}

/** The class itself is copied, too: JavaScriptCore gives objects of one class text one hidden class, and then looks up. */
const placeClass = (Base: typeof Place, parts: readonly Part[], isAligned: boolean) =>
  class Accessor extends Base {
    declare readonly $view: DataView;
    declare readonly $wide: BigUint64Array;
    declare readonly $u32: Uint32Array;
    declare readonly $f64: Float64Array;
    declare $base: number;

    constructor(views: Views, base: number) {
      super();
      this.$view = views.$view;
      this.$wide = views.$wide;
      this.$u32 = views.$u32;
      this.$f64 = views.$f64;
      this.$base = base;
      for (let index = 0; index < parts.length; index++) {
        const { key, kind } = parts[index];
        (this as unknown as Holder)[key] = kind.place(views, base, isAligned);
      }
      Object.preventExtensions(this); // a misspelt field is a TypeError
    }
  };

/** The accessors of one struct. */
export type AccessorClass = new (views: Views, base: number) => Place;

/** A class of accessors for these fields: for those that stand aligned, or for any. */
export function accessorClass(fields: readonly Placed[], isAligned: boolean): AccessorClass {
  const values = fields.filter((field) => !isInner(field));
  const parts = fields.filter(isInner).map((field, index): Part => ({ ...field, key: `$${index}` }));
  const described = describe(values, parts, ownWays(isAligned));
  const Class = ownCopy(placeClass, Place, parts, isAligned);
  for (const { name } of fields) {
    Object.defineProperty(Class.prototype, name, { ...described[name], enumerable: true });
  }
  return Class;
}
