// What JSON.stringify shows of an accessor: its fields, in forms that JSON has.

/**
 * A plain value for JSON, which has no big integers and no bytes: 64-bit integers become decimal strings, as elsewhere
 * where JSON must not lose digits, and bytes arrays of numbers.
 */
export function jsonOf(plain: unknown): unknown {
  if (typeof plain === "bigint") return String(plain);
  if (typeof plain !== "object" || plain === null) return plain;
  if (plain instanceof Uint8Array) return [...plain];
  if (Array.isArray(plain)) return plain.map(jsonOf);
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, jsonOf(value)]));
}
