// Kind: what every field type can do, be it a scalar, a string, an array or a struct; Place: what every accessor is.

/** Bytes as accessors see them: both views begin at byte 0 of the buffer. */
export interface Views {
  readonly $view: DataView;
  /** For 64-bit fields, where the engine is faster with arrays; empty where a byte number may not fit 32 bits. */
  readonly $wide: BigUint64Array;
}

/**
 * An accessor: views of a buffer, and the byte where its item stands. Names of fields are C identifiers, which have no $,
 * so that nothing here hides a field. The class only marks accessors: their constructors set the properties themselves,
 * because one that served all of them would see all their hidden classes.
 */
export class Place implements Views {
  declare readonly $view: DataView;
  declare readonly $wide: BigUint64Array;
  /** Bytes from the start of the buffer. Moved by those who re-point the accessor. */
  declare $base: number;
}

/** An accessor of one kind. `$item`: the value, or for arrays and structs the accessor itself; setting it writes. */
export interface Item extends Place {
  $item: unknown;
}

/** What a struct is called in a C declaration. */
export type NameOf = (struct: Kind) => string;

/** A type of field. `Plain` is its value as a copy, `Access` is what an accessor shows of it in place. */
export abstract class Kind<Plain = unknown, Access = Plain> {
  /** What messages call it. */
  abstract readonly label: string;
  /** Bytes. */
  abstract readonly size: number;
  /** Bytes; a power of two. */
  abstract readonly alignment: number;

  /** For accessors: which getter and setter a scalar has; undefined for all others, which have their own. @internal */
  readonly form: string | undefined = undefined;

  /** For the struct or array that holds it: an accessor of the item at byte `base`, and its name there. @internal */
  abstract place(views: Views, base: number, label?: string): Item;

  /** For `read`: a copy of what an accessor shows, which shares nothing with the memory. @internal */
  abstract plain(item: Access): Plain;

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
