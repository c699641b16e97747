// Kind: what every field type can do, be it a scalar, a string, an array or a struct; Place: what every accessor is.

import type { ScalarForm } from "./scalars.ts";

/** A buffer's bytes as fields see them: all of these begin at byte 0. */
export interface Views {
  readonly $view: DataView;
  /** For items that stand aligned, where the engine is faster with arrays: these, or empty ones. */
  readonly $wide: BigUint64Array;
  readonly $u32: Uint32Array;
  readonly $f64: Float64Array;
}

/**
 * An accessor: views of a buffer, and the byte where its item stands. Names of fields are C identifiers, which have no $,
 * so that nothing here hides a field. The class only marks accessors: their constructors set the properties themselves,
 * because one that served all of them would see all their hidden classes.
 */
export class Place implements Views {
  declare readonly $view: DataView;
  declare readonly $wide: BigUint64Array;
  declare readonly $u32: Uint32Array;
  declare readonly $f64: Float64Array;
  /** Bytes from the start of the buffer. Moved by those who re-point the accessor. */
  declare $base: number;
}

/** Throws what is wrong with a value: of the caller's, or as it stands in the memory. */
export interface Refusal {
  toSet(value: unknown): never;
  toGet(value: unknown): never;
}

/** How items of a kind are got and set, at byte `at`. They know nothing but what they are given, see own_copy.ts. */
export interface Way<Value = unknown, Given = Value> {
  get(views: Views, at: number, refusal: Refusal): Value;
  set(views: Views, at: number, value: Given, refusal: Refusal): void;
}

/** Copies of the scalars' ways, which one struct or array has for itself. */
export interface OwnWays {
  of(form: ScalarForm): Way;
}

/** What a struct is called in a C declaration. */
export type NameOf = (struct: Kind) => string;

/**
 * A type of field. `Plain` is its value as a copy, `Access` is what an accessor shows of it in place, `Given` is what a
 * copy is written from: `Plain`, or more.
 */
export abstract class Kind<Plain = unknown, Access = Plain, Given = Plain> {
  /** What messages call it. */
  abstract readonly label: string;
  /** Bytes. */
  abstract readonly size: number;
  /** Bytes; a power of two. */
  abstract readonly alignment: number;

  /**
   * For `read` and `write`: gets a copy, which shares nothing with the memory; sets part by part, and may stop half-way,
   * so that it only ever goes to private memory. @internal
   */
  abstract whole(own: OwnWays): Way<Plain, Given>;

  /** For accessors: how one shows an item that is no struct and no array, and has no accessor of its own. @internal */
  shown(own: OwnWays): Way<Access> {
    return this.whole(own) as Way as Way<Access>;
  }

  /** For those who get and set: what is said of a value that is refused, where messages call the item `label`. @internal */
  abstract refusal(label: string): Refusal;

  /** For `declaration`: the C type of an item; of an array, the type of its innermost elements. @internal */
  abstract cType(nameOf: NameOf): string;

  /** For `declaration`: what stands behind the name in C, the lengths of arrays and strings. @internal */
  get cDimensions(): string {
    return "";
  }

  /** For `declaration`: the struct that C has to know first, if there is one inside. @internal */
  get inner(): Kind | undefined {
    return undefined;
  }
}
