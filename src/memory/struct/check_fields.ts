// Is this object a value of the struct: all fields, and no others.

import { Place } from "./kind.ts";
import { show } from "./refuse.ts";

/** The object's fields, none of them missing. A half-written struct is rarely meant, and a misspelt field never. */
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
  const missing = names.find((name) => all[name] === undefined);
  if (missing !== undefined) {
    const hint = "to set some fields: Object.assign to an accessor";
    throw new TypeError(`Cannot write ${label}: ${missing} is missing (${hint})`);
  }
  if (Object.keys(value).length <= names.length) return all;
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  throw new TypeError(`Cannot write ${label}: it has no field "${unknown}" (it has ${names.join(", ")})`);
}
