// Inspection: what console.log and JSON.stringify show of an object, which is what a reader asks for and not its insides.

/** Under this name the consoles of all runtimes look for it. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** What is shown of an object. No bigints, and no number but a finite one: JSON has neither. */
export type Shown = Record<string, string | number | boolean | undefined>;

function textOf(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/**
 * For `toJSON`, which every class with a console's line has: without it JSON.stringify walks through the fields, and so
 * through every byte of the mapping, once for each view of it. Never throws: of a prototype there is nothing to show.
 */
export function fieldsOf(fields: () => Shown): Shown {
  try {
    return fields();
  } catch {
    return {};
  }
}

/** The same for a console: `SpscProducer { name: "/x", capacity: 65536, closed: false }`, and `SpscProducer {}`. */
export function shown(object: { toJSON(): Shown }): string {
  const texts = Object.entries(object.toJSON()).map(([name, value]) => `${name}: ${textOf(value)}`);
  return `${object.constructor.name} ${texts.length === 0 ? "{}" : `{ ${texts.join(", ")} }`}`;
}
