// Is this object a value of the struct: all fields, and no others.

import { Place } from "./kind.ts";
import { show } from "./refuse.ts";

/** The object's fields, with none that the struct has not: a misspelt one is never meant. */
export function checkFields(
  value: unknown,
  names: readonly string[],
  label: string,
): Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== "object") {
    throw new TypeError(`Cannot write ${label}: ${show(value)} is not an object`);
  }
  const all = value as Readonly<Record<string, unknown>>;
  if (value instanceof Place || Object.keys(value).length <= names.length) return all;
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  throw new TypeError(`Cannot write ${label}: it has no field "${unknown}" (it has ${names.join(", ")})`);
}

/** A half-written struct is rarely meant. */
export function missingField(name: string, label: string): TypeError {
  const hint = "to set some fields: Object.assign to an accessor";
  return new TypeError(`Cannot write ${label}: ${name} is missing (${hint})`);
}
