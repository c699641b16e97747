// All fields at once: plain objects from accessors, and back, by functions made from text for one struct.
//
// A loop over getters and setters calls each of them from one place, where engines can compile none of them in: 20 to 100
// ns a field, in place of 1. Names of fields are C identifiers (names.ts), so that they can stand in the text.

import type { Placed } from "./accessor.ts";
import type { Item, Kind } from "./kind.ts";

type Plain = Record<string, unknown>;

/** Copies of all fields, as a plain object. */
export type Reader = (item: Item) => Plain;

/** Sets all fields from an object that has them all: "" when it has; else the name of one that it has not. */
export type Writer = (item: Item, value: Readonly<Plain>) => string;

let copies = 0;

/** The number keeps V8 from finding the text in its compilation cache, feedback of another struct included. */
function compiled<Made>(kinds: readonly Kind[], body: string): Made | undefined {
  try {
    return new Function("kinds", `"use strict"; return ${body} /* ${++copies} */`)(kinds) as Made;
  } catch {
    return undefined; // making code from text is forbidden
  }
}

const kindsOf = (fields: readonly Placed[]): Kind[] => fields.map(({ kind }) => kind);

/** Reads the fields of one struct. */
export function readerOf(fields: readonly Placed[]): Reader {
  const kinds = kindsOf(fields);
  const read = ({ name, kind }: Placed, index: number) =>
    kind.form === undefined ? `${name}: kinds[${index}].plain(item.${name})` : `${name}: item.${name}`;
  const byLoop: Reader = (item) => {
    const all: Plain = {};
    for (const { name, kind } of fields) all[name] = kind.plain((item as unknown as Plain)[name]);
    return all;
  };
  return compiled(kinds, `(item) => ({ ${fields.map(read).join(", ")} })`) ?? byLoop;
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
  const body = `(item, value) => { ${read.join(" ")} ${set.join(" ")} return ""; }`;
  return compiled(kindsOf(fields), body) ?? byLoop;
}
