// Names of fields and structs: C identifiers that mean nothing else, in C or in JavaScript.

/** What C11 and the headers of a declaration have taken; `unix` and `linux` are macros of gcc's own dialect. */
const TAKEN_IN_C = new Set(
  `auto break case char const continue default do double else enum extern float for goto if inline int long register
  restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
  asm typeof bool true false NULL offsetof unix linux`.split(/\s+/),
);

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** A name that a field or a struct can have. */
export function checkName(name: unknown, what: string): string {
  if (typeof name !== "string") throw new TypeError(`${what} must be a string, not ${String(name)}`);
  if (IDENTIFIER.test(name) && name !== "__proto__") return name;
  throw new TypeError(
    `${what} must be a C identifier of at most 63 letters, digits and _, not ${JSON.stringify(name)}`,
  );
}

/** A name that C can use, too. */
export function checkNameInC(name: string, what: string): string {
  const isReserved = TAKEN_IN_C.has(name) || /^_[A-Z_]/.test(name);
  if (isReserved) throw new TypeError(`Cannot declare ${what} "${name}" in C: the name is taken by the language`);
  return name;
}
