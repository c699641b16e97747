// Scalar kinds: one object for each scalar, shared by all structs, and asNumber().

import { Kind, type OwnWays, type Refusal, type Way } from "./kind.ts";
import { refuse, refuseUnsafe, show } from "./refuse.ts";
import type { ScalarForm, ScalarName } from "./scalars.ts";

/** The value that a scalar of this name has in JavaScript. */
export type ScalarValue<Name extends ScalarName> = Name extends "u64" | "i64"
  ? bigint
  : Name extends "bool"
    ? boolean
    : number;

/** A scalar as a kind. */
export class ScalarKind<Value = unknown> extends Kind<Value, Value> {
  readonly size: number;
  readonly #form: ScalarForm;
  readonly #type: string;

  constructor(form: ScalarForm, size: number, type: string) {
    super();
    this.#form = form;
    this.size = size;
    this.#type = type;
  }

  get label(): string {
    return this.#form;
  }

  /** Natural: a scalar is aligned to its own size on both architectures. */
  get alignment(): number {
    return this.size;
  }

  whole(own: OwnWays): Way<Value> {
    return own.of(this.#form) as Way<Value>;
  }

  refusal(label: string): Refusal {
    return {
      toSet: (value) => refuse(this.#form, label, value),
      toGet: (value) => refuseUnsafe(this.#form, label, value),
    };
  }

  cType(): string {
    return this.#type;
  }
}

const scalars: Readonly<Record<ScalarName, ScalarKind>> = {
  u8: new ScalarKind("u8", 1, "uint8_t"),
  i8: new ScalarKind("i8", 1, "int8_t"),
  u16: new ScalarKind("u16", 2, "uint16_t"),
  i16: new ScalarKind("i16", 2, "int16_t"),
  u32: new ScalarKind("u32", 4, "uint32_t"),
  i32: new ScalarKind("i32", 4, "int32_t"),
  u64: new ScalarKind("u64", 8, "uint64_t"),
  i64: new ScalarKind("i64", 8, "int64_t"),
  f32: new ScalarKind("f32", 4, "float"),
  f64: new ScalarKind("f64", 8, "double"),
  bool: new ScalarKind("bool", 1, "bool"),
};

const numbers = {
  u64: new ScalarKind<number>('asNumber("u64")', 8, "uint64_t"),
  i64: new ScalarKind<number>('asNumber("i64")', 8, "int64_t"),
};

/** The kind that a name or a kind stands for. */
export function kindOf(given: unknown, what: string): Kind {
  if (given instanceof Kind) return given;
  if (typeof given === "string" && Object.hasOwn(scalars, given)) return scalars[given as ScalarName];
  const names = Object.keys(scalars).join(", ");
  throw new TypeError(`${what} has no type ${show(given)}: it takes ${names}, or what struct, array, bytes, text make`);
}

/**
 * A 64-bit integer as a number, for those who know that it fits: up to 2 ** 53 - 1, some 104 days in nanoseconds.
 *
 * In memory and in C it is what `u64` and `i64` are. It is read as two halves of 32 bits, so not for a word that another
 * process changes meanwhile.
 *
 * @throws {RangeError} when set to, or read where there is, more than a number holds exactly
 * @throws {TypeError} for any other type
 * @example
 * ```ts
 * import { asNumber, struct } from "@linux-ipc/core";
 * const Entry = struct({ sequence: asNumber("u64"), price: "f64" });
 * const entry = Entry.over(new ArrayBuffer(16));
 * entry.sequence = 2 ** 40;
 * console.log(entry.sequence + 1); // 1099511627777
 * ```
 */
export function asNumber(type: "u64" | "i64"): Kind<number, number> {
  if (type !== "u64" && type !== "i64") throw new TypeError(`asNumber takes "u64" or "i64", not ${show(type)}`);
  return numbers[type];
}
