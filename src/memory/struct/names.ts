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

/** What the headers define: types, which fields may be called by, and limits, which are macros. */
const TYPE_OF_HEADERS = /^(u?int(_least|_fast)?(8|16|32|64)_t|u?int(max|ptr)_t|size_t|ptrdiff_t|wchar_t|max_align_t)$/;
const MACRO_OF_HEADERS =
  /^(U?INT(_LEAST|_FAST)?(8|16|32|64)_(MIN|MAX)|U?INT(MAX|PTR)_(MIN|MAX)|(PTRDIFF|SIG_ATOMIC|WCHAR|WINT)_(MIN|MAX)|SIZE_MAX)$/;

/** A name that C can use, too. */
export function checkNameInC(name: string, what: "field" | "struct"): string {
  const isOfHeaders = MACRO_OF_HEADERS.test(name) || (what === "struct" && TYPE_OF_HEADERS.test(name));
  const isReserved = TAKEN_IN_C.has(name) || isOfHeaders || /^_[A-Z_]/.test(name);
  if (isReserved) throw new TypeError(`Cannot declare ${what} "${name}" in C: the name is taken by the language`);
  return name;
}
