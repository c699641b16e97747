// What TypeScript derives from a definition: the plain value, and what an accessor shows.

import type { Aligned } from "./aligned.ts";
import type { Kind } from "./kind.ts";
import type { ScalarValue } from "./scalar.ts";
import type { ScalarName } from "./scalars.ts";

/** What a field or an element can be: a scalar's name, or what `struct`, `array`, `bytes`, `text`, `asNumber` make. */
export type ElementType = ScalarName | Kind;

/** What a field can be: also one with an alignment of its own. */
export type FieldType = ElementType | Aligned<ElementType>;

/** The fields of a struct, in order; names are C identifiers. */
export type Fields = Readonly<Record<string, FieldType>>;

/** The plain value of a type: `Infer<typeof Tick>`. */
export type Infer<Type> = Type extends ScalarName
  ? ScalarValue<Type>
  : Type extends Aligned<infer Element>
    ? Infer<Element>
    : Type extends Kind<infer Plain, infer _Access, infer _Given>
      ? Plain
      : never;

/** What an accessor shows of a type: nested structs and arrays as accessors, bytes as a view, the rest as it is. */
export type AccessOf<Type> = Type extends ScalarName
  ? ScalarValue<Type>
  : Type extends Aligned<infer Element>
    ? AccessOf<Element>
    : Type extends Kind<infer _Plain, infer Access, infer _Given>
      ? Access
      : never;

/** What a value of a type is written from: more than reading gives, since arrays may be typed ones, or in place. */
export type GivenOf<Type> = Type extends ScalarName
  ? ScalarValue<Type>
  : Type extends Aligned<infer Element>
    ? GivenOf<Element>
    : Type extends Kind<infer _Plain, infer _Access, infer Given>
      ? Given
      : never;

/** A struct as a plain object. */
export type PlainStruct<Of extends Fields> = { -readonly [Name in keyof Of]: Infer<Of[Name]> };

/** What a struct is written from: a plain object, or one whose properties are accessors. */
export type GivenStruct<Of extends Fields> = { readonly [Name in keyof Of]: GivenOf<Of[Name]> };

/** A struct in place: each property reads and writes the memory. */
export type Accessor<Of extends Fields> = { -readonly [Name in keyof Of]: AccessOf<Of[Name]> };

/** What an array is written from: an array, a typed one, or one in place; not whatever has a length, as texts have. */
export type GivenArray<Given> = readonly Given[] | (ArrayBufferView & ArrayLike<Given>) | ArrayAccess<unknown, Given>;

/**
 * An array in place. For elements that are structs or arrays it has one accessor, which `at` re-points: what an earlier
 * `at` gave then shows the new element.
 */
export interface ArrayAccess<Access, Plain, Given = Plain> {
  /** Elements; fixed by the layout, never read from the memory. */
  readonly length: number;
  /** The element, or the accessor moved to it. @throws {RangeError} there is no such element */
  at(index: number): Access;
  /** Writes one element. @throws {RangeError} there is no such element, or the value does not fit */
  set(index: number, value: Given | Access): void;
  /** A copy of all elements. */
  read(): Plain[];
  /** Writes all elements, or nothing when one is refused. @throws {RangeError} another number of values */
  write(values: GivenArray<Given>): void;
}
