// Is this object a value of the struct: all fields, and no others.

import { Place } from "./kind.ts";
import { show } from "./refuse.ts";

/** Refuses what is no object, and fields that the struct has not: a misspelt one is never meant. */
export function checkFields(value: unknown, names: readonly string[], label: string): void {
  if (value === null || typeof value !== "object") {
    throw new TypeError(`Cannot write ${label}: ${show(value)} is not an object`);
  }
  if (value instanceof Place) return;
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`Cannot write ${label}: it has no field "${unknown}" (it has ${names.join(", ")})`);
}

/** A half-written struct is rarely meant. */
export function refuseMissing(name: string, label: string): never {
  const hint = "to set some fields: Object.assign to an accessor";
  throw new TypeError(`Cannot write ${label}: ${name} is missing (${hint})`);
}
