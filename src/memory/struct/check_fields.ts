// Is this object a value of the struct: all fields, and no others.

import { Place } from "./kind.ts";
import { show } from "./refuse.ts";

/** Whether no field can come from a prototype. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

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
  if (value instanceof Place) return all;
  const keys = Object.keys(value);
  if (keys.length <= names.length && isPlain(value)) return all; // an unknown one stands in the place of a missing one
  const unknown = keys.find((name) => !names.includes(name));
  if (unknown === undefined) return all;
  throw new TypeError(`Cannot write ${label}: it has no field "${unknown}" (it has ${names.join(", ")})`);
}

/** A half-written struct is rarely meant. */
export function missingField(name: string, label: string): TypeError {
  const hint = "to set some fields: Object.assign to an accessor";
  return new TypeError(`Cannot write ${label}: ${name} is missing (${hint})`);
}
