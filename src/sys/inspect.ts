// Inspection: what console.log shows of an object, which is what a reader asks for and not its insides.

/** Under this name the consoles of all runtimes look for it. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom");

function textOf(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** `SpscProducer { name: "/x", capacity: 65536, closed: false }`. Never throws: of a prototype it is `SpscProducer {}`. */
export function shown(object: object, fields: () => Record<string, string | number | boolean | undefined>): string {
  try {
    const texts = Object.entries(fields()).map(([name, value]) => `${name}: ${textOf(value)}`);
    return `${object.constructor.name} { ${texts.join(", ")} }`;
  } catch {
    return `${object.constructor.name} {}`;
  }
}
