// All fields at once: plain objects out of memory and into it, by functions made from text for one struct.
//
// A loop over fields calls what gets and sets them from one place, where engines can compile none of them in: 20 to 100 ns
// a field, in place of 1. Names of fields are C identifiers (names.ts), so that they can stand in the text.

import { Calls, type Placed } from "./calls.ts";
import type { Way } from "./kind.ts";
import { compiled } from "./own_copy.ts";
import { ownWays } from "./own_ways.ts";

type Plain = Record<string, unknown>;

/** What a value is checked by as a whole. */
interface Checks {
  /** Throws unless the value is an object without a field that the struct has not. */
  check(value: unknown): void;
  /** Throws: the value has no such field. */
  missing(name: string): never;
}

/** What the texts are given. */
interface Given extends Checks, Pick<Calls, "ways" | "refusals"> {
  readonly prototype: object;
}

function readerText(fields: readonly Placed[], calls: Calls): string {
  const read = fields.map(({ name }, index) => `${name}: ${calls.get(index, "views", "at")}`);
  return `({ ways, refusals }) => {
    ${calls.constants}
    return (views, at) => ({ ${read.join(", ")} });
  }`;
}

/**
 * Each property of the user's object is read once, and first: from then on V8 knows what object it is. A plain one with as
 * many properties as there are fields, or fewer, needs no other check: an unknown one stands in the place of a missing one.
 */
function writerText(fields: readonly Placed[], calls: Calls): string {
  const read = fields.map(({ name }, index) => `v${index} = value.${name}`);
  const demand = fields.map(({ name }, index) => `if (v${index} === undefined) missing("${name}");`);
  const set = fields.map((_, index) => `${calls.set(index, "views", "at", `v${index}`)};`);
  return `({ ways, refusals, check, missing, prototype }) => {
    ${calls.constants}
    const { getPrototypeOf, keys } = Object;
    return (views, at, value) => {
      if (value == null) check(value);
      const ${read.join(", ")};
      if (getPrototypeOf(value) !== prototype || keys(value).length > ${fields.length}) check(value);
      ${demand.join(" ")}
      ${set.join(" ")}
    };
  }`;
}

/** The same without text. */
function byLoop(fields: readonly Placed[], all: readonly Way[], { refusals, check, missing }: Given): Way<Plain> {
  return {
    get: (views, at) => {
      const read = fields.map(
        ({ name, offset }, index) => [name, all[index].get(views, at + offset, refusals[index])] as const,
      );
      return Object.fromEntries(read);
    },
    set: (views, at, value) => {
      check(value);
      const values = fields.map(({ name }) => value[name]);
      const absent = values.indexOf(undefined);
      if (absent >= 0) missing(fields[absent].name);
      for (const [index, { offset }] of fields.entries()) {
        all[index].set(views, at + offset, values[index], refusals[index]);
      }
    },
  };
}

/** How the fields of one struct are read and written. */
export function wholeOf(fields: readonly Placed[], checks: Checks): Way<Plain> {
  const own = ownWays(false);
  const all = fields.map(({ kind }) => kind.whole(own));
  const calls = new Calls(fields, all);
  const given: Given = { ways: calls.ways, refusals: calls.refusals, ...checks, prototype: Object.prototype };
  const loops = byLoop(fields, all, given);
  return {
    get: compiled<(given: Given) => Way<Plain>["get"]>(readerText(fields, calls))?.(given) ?? loops.get,
    set: compiled<(given: Given) => Way<Plain>["set"]>(writerText(fields, calls))?.(given) ?? loops.set,
  };
}
