// Errors of struct fields: TypeError for the wrong kind, RangeError for the wrong amount, always with the value.

import { withArticle } from "../../sys/validate.ts";

/** What a scalar takes: the type of its values, and its limits in words. */
const TAKES: Readonly<Record<string, readonly [type: "number" | "bigint" | "boolean", limits: string]>> = {
  u8: ["number", "0 to 255"],
  i8: ["number", "-128 to 127"],
  u16: ["number", "0 to 65535"],
  i16: ["number", "-32768 to 32767"],
  u32: ["number", "0 to 4294967295"],
  i32: ["number", "-2147483648 to 2147483647"],
  u64: ["bigint", "0 to 2 ** 64 - 1"],
  i64: ["bigint", "-(2 ** 63) to 2 ** 63 - 1"],
  f32: ["number", ""],
  f64: ["number", ""],
  bool: ["boolean", ""],
  'asNumber("u64")': ["number", "0 to 2 ** 53 - 1"],
  'asNumber("i64")': ["number", "-(2 ** 53 - 1) to 2 ** 53 - 1"],
};

/** A value as it stands in a message. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return String(value);
  return Array.isArray(value) ? `an array of ${value.length}` : withArticle(value.constructor?.name ?? "plain object");
}

/** Throws: `value` cannot be written to a scalar field. */
export function refuse(kind: string, field: string, value: unknown): never {
  const [type, limits] = TAKES[kind];
  const verdict = `Cannot set ${field}: ${show(value)}`;
  if (typeof value === type) throw new RangeError(`${verdict} does not fit ${kind} (whole numbers, ${limits})`);
  const hint = type === "bigint" && typeof value === "number" ? `; asNumber("${kind}") takes numbers` : "";
  throw new TypeError(`${verdict} is not a ${type}, which ${kind} takes${hint}`);
}

/** Throws: a 64-bit value that stands in memory is no exact number. */
export function refuseUnsafe(kind: string, field: string, value: unknown): never {
  throw new RangeError(`Cannot get ${field}: ${show(value)} does not fit ${kind} exactly (${TAKES[kind][1]})`);
}

/** Throws: there is no such element. */
export function refuseIndex(index: unknown, length: number): never {
  if (typeof index !== "number") throw new TypeError(`an index must be a number, not ${show(index)}`);
  throw new RangeError(`There is no element ${show(index)}: the array has ${length}, from 0`);
}
