// The C declaration of a struct: nested ones first, offsets as comments, and asserted by the compiler that reads it.

import type { Kind } from "./kind.ts";
import { checkNameInC } from "./names.ts";
import type { Struct } from "./struct.ts";
import type { Fields } from "./types.ts";

const HEADERS = ["#include <stdbool.h>", "#include <stddef.h>", "#include <stdint.h>"];

type AnyStruct = Struct<Fields>;

/** The structs of a declaration, those inside before those around them, each with its name in C. */
function namesOf(outermost: AnyStruct, name: string): Map<Kind, string> {
  const names = new Map<Kind, string>();
  const add = (struct: AnyStruct, called: string): void => {
    if (names.has(struct)) return;
    for (const { kind, name: field } of struct.layout.fields) {
      const inner = kind.inner as AnyStruct | undefined;
      if (inner !== undefined) add(inner, inner.name ?? `${called}_${field}`);
    }
    const [other] = [...names].find(([, taken]) => taken === called) ?? [];
    if (other !== undefined)
      throw new TypeError(`Cannot declare "${called}" in C: two different structs have that name`);
    names.set(struct, checkNameInC(called, "struct"));
  };
  add(outermost, name);
  return names;
}

function attributes({ packed, align }: AnyStruct): string {
  const list = [...(packed ? ["packed"] : []), ...(align === undefined ? [] : [`aligned(${align})`])];
  return list.length === 0 ? "" : `__attribute__((${list.join(", ")})) `;
}

const padding = (bytes: number): string[] => (bytes > 0 ? [`  /* ${bytes} bytes of padding */`] : []);

function members({ layout, size }: AnyStruct, nameOf: (struct: Kind) => string): string[] {
  let end = 0;
  const lines = layout.fields.flatMap(({ name, kind, offset, alignment }) => {
    const before = padding(offset - end);
    end = offset + kind.size;
    const asked = alignment === undefined ? "" : `_Alignas(${alignment}) `;
    const member = `${checkNameInC(name, "field")}${kind.cDimensions}`;
    return [...before, `  ${asked}${kind.cType(nameOf)} ${member}; /* ${offset} */`];
  });
  return [...lines, ...padding(size - end)];
}

function assertions(struct: AnyStruct, name: string): string[] {
  const assert = (condition: string) => `_Static_assert(${condition}, "${name} as linux-ipc lays it out");`;
  return [
    assert(`sizeof(${name}) == ${struct.size} && _Alignof(${name}) == ${struct.alignment}`),
    ...struct.layout.fields.map((field) => assert(`offsetof(${name}, ${field.name}) == ${field.offset}`)),
  ];
}

/** C11 with the attributes of gcc and clang. */
export function declarationOf(outermost: AnyStruct, name: string): string {
  const names = namesOf(outermost, name);
  const nameOf = (struct: Kind): string => names.get(struct) as string;
  const declarations = [...names].map(([kind, called]) => {
    const struct = kind as AnyStruct;
    const head = `typedef struct ${attributes(struct)}${called} { /* ${struct.size} bytes */`;
    return [head, ...members(struct, nameOf), `} ${called};`, ...assertions(struct, called), ""].join("\n");
  });
  return [...HEADERS, "", ...declarations].join("\n");
}
