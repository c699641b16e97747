// What a definition says: options, and fields as they are before they have a place.

import { Aligned } from "./aligned.ts";
import type { Field } from "./layout.ts";
import { checkName } from "./names.ts";
import { show } from "./refuse.ts";
import { kindOf } from "./scalar.ts";

/** How a struct is laid out, and what it is called. */
export interface StructOptions {
  /** Its name in messages and in C declarations of structs around it. */
  name?: string | undefined;
  /** No padding: fields stand side by side, as with `__attribute__((packed))`. */
  packed?: boolean | undefined;
  /** At least this alignment, bytes; a power of two up to 4096. The size becomes a multiple of it. */
  align?: number | undefined;
}

/** The fields of a definition, in its order. */
export function fieldsOf(definition: unknown): Field[] {
  if (definition === null || typeof definition !== "object") {
    throw new TypeError(`struct takes an object of fields, not ${show(definition)}`);
  }
  const fields = Object.entries(definition).map(([name, type]): Field => {
    checkName(name, "the name of a field");
    if (type instanceof Aligned) return { name, kind: type.kind, alignment: type.alignment };
    return { name, kind: kindOf(type, `field ${name}`) };
  });
  if (fields.length === 0) throw new RangeError("a struct has at least one field: C knows no empty ones");
  return fields;
}
