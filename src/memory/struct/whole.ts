// All fields at once: plain objects from accessors, and back, by functions made from text for one struct.
//
// A loop over getters and setters calls each of them from one place, where engines can compile none of them in: 20 to 100
// ns a field, in place of 1. Names of fields are C identifiers (names.ts), so that they can stand in the text.

import type { Placed } from "./accessor.ts";
import type { Item, Kind } from "./kind.ts";
import { compiled } from "./own_copy.ts";

type Plain = Record<string, unknown>;

/** Copies of all fields, as a plain object. */
export type Reader = (item: Item) => Plain;

/** Sets all fields from an object that has them all: "" when it has; else the name of one that it has not. */
export type Writer = (item: Item, value: Readonly<Plain>) => string;

/** Reads the fields of one struct. */
export function readerOf(fields: readonly Placed[]): Reader {
  const read = ({ name, kind }: Placed, index: number) =>
    kind.form === undefined ? `${name}: kinds[${index}].plain(item.${name})` : `${name}: item.${name}`;
  const byLoop: Reader = (item) => {
    const all: Plain = {};
    for (const { name, kind } of fields) all[name] = kind.plain((item as unknown as Plain)[name]);
    return all;
  };
  const make = compiled<(kinds: Kind[]) => Reader>(`(kinds) => (item) => ({ ${fields.map(read).join(", ")} })`);
  return make?.(fields.map(({ kind }) => kind)) ?? byLoop;
}

/** Writes the fields of one struct. Each property of the user's object is read once. */
export function writerOf(fields: readonly Placed[]): Writer {
  const read = fields.map(
    ({ name }, index) => `const v${index} = value.${name}; if (v${index} === undefined) return "${name}";`,
  );
  const set = fields.map(({ name }, index) => `item.${name} = v${index};`);
  const byLoop: Writer = (item, value) => {
    const values = fields.map(({ name }) => value[name]);
    const missing = values.indexOf(undefined);
    if (missing >= 0) return fields[missing].name;
    for (const [index, { name }] of fields.entries()) (item as unknown as Plain)[name] = values[index];
    return "";
  };
  return compiled<Writer>(`(item, value) => { ${read.join(" ")} ${set.join(" ")} return ""; }`) ?? byLoop;
}
