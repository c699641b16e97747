// Arrays of fixed length: of scalars, strings, structs or arrays.

import { INSPECT } from "../../sys/inspect.ts";
import { isDataView } from "../../sys/realm.ts";
import { checkInteger } from "../../sys/validate.ts";
import { Composite } from "./composite.ts";
import { jsonOf } from "./json.ts";
import { type Kind, type NameOf, Place, type Refusal, type Views, type Way } from "./kind.ts";
import { SIZE_MAX_BYTES } from "./layout.ts";
import { ownCopy } from "./own_copy.ts";
import { ownWays } from "./own_ways.ts";
import { refuseIndex, show } from "./refuse.ts";
import { kindOf } from "./scalar.ts";
import type { AccessOf, ArrayAccess, ElementType, GivenArray, GivenOf, Infer } from "./types.ts";

/** An index is a signed integer of 32 bits, which engines keep in a register. */
export const LENGTH_MAX = 2 ** 31 - 1;

/** What an accessor of an array has that need not be quick. */
class ArrayPlace extends Place {
  declare readonly length: number;
  declare readonly $kind: ArrayKind;
  /** For elements that are structs or arrays: one accessor, which is moved. */
  declare readonly $element: Place | undefined;

  get $size(): number {
    return this.$kind.size;
  }

  [INSPECT](): unknown[] {
    return this.read();
  }

  toJSON(): unknown {
    return jsonOf(this.read());
  }

  read(): unknown[] {
    return this.$kind.read(this as unknown as ArrayAccess<unknown, unknown>);
  }

  write(values: unknown): void {
    this.$kind.put(this.$view.buffer, this.$base, values);
  }
}

/** How elements that are structs or arrays are got and set; `views` is the array's accessor. */
const partWay = (kind: Composite): Way => ({
  get(views, at) {
    const element = (views as ArrayPlace).$element as Place;
    element.$base = at;
    return element;
  },
  set({ $view }, at, value) {
    kind.put($view.buffer, at, value);
  },
});

type ArrayClass = new (views: Views, base: number, kind: ArrayKind) => ArrayPlace;

/** The quick half. Each kind of element has its own copy, see own_copy.ts. */
const rows = (
  Base: typeof ArrayPlace,
  { get, set }: Way,
  refusal: Refusal,
  stride: number,
  place: (views: Views, base: number) => Place | undefined,
  fail: typeof refuseIndex,
): ArrayClass =>
  class ArrayAccessor extends Base {
    declare readonly $view: DataView;
    declare readonly $wide: BigUint64Array;
    declare readonly $u32: Uint32Array;
    declare readonly $f64: Float64Array;
    declare $base: number;
    declare readonly length: number;
    declare readonly $kind: ArrayKind;
    declare readonly $element: Place | undefined;

    constructor(views: Views, base: number, kind: ArrayKind) {
      super();
      this.$view = views.$view;
      this.$wide = views.$wide;
      this.$u32 = views.$u32;
      this.$f64 = views.$f64;
      this.$base = base;
      this.length = kind.length;
      this.$kind = kind;
      this.$element = place(views, base);
      Object.preventExtensions(this);
    }

    at(index: number): unknown {
      if (!(Number.isInteger(index) && index >= 0 && index < this.length)) fail(index, this.length);
      return get(this, this.$base + (index | 0) * stride, refusal);
    }

    set(index: number, value: unknown): void {
      if (!(Number.isInteger(index) && index >= 0 && index < this.length)) fail(index, this.length);
      set(this, this.$base + (index | 0) * stride, value, refusal);
    }
  };

/** What messages call an element. */
const ELEMENT = "an element";

function makeClass(kind: Kind, isAligned: boolean): ArrayClass {
  const inner = kind instanceof Composite ? kind : undefined;
  const way = inner === undefined ? kind.shown(ownWays(isAligned)) : ownCopy(partWay, inner);
  const place = (views: Views, base: number) => inner?.place(views, base, isAligned);
  return ownCopy(rows, ArrayPlace, way, kind.refusal(ELEMENT), kind.size, place, refuseIndex);
}

const alignedClasses = new WeakMap<Kind, ArrayClass>();
const otherClasses = new WeakMap<Kind, ArrayClass>();

function classOf(element: Kind, isAligned: boolean): ArrayClass {
  const classes = isAligned ? alignedClasses : otherClasses;
  const known = classes.get(element);
  if (known !== undefined) return known;
  const made = makeClass(element, isAligned);
  classes.set(element, made);
  return made;
}

/** How plain arrays are read and written; copied, as the classes are. */
const plainRows = (
  { get, set }: Way,
  refusal: Refusal,
  length: number,
  stride: number,
  listOf: (value: unknown) => ArrayLike<unknown>,
): Way<unknown[]> => ({
  get(views, at) {
    const all: unknown[] = [];
    for (let index = 0; index < length; index++) all.push(get(views, at + index * stride, refusal));
    return all;
  },
  set(views, at, value) {
    const list = listOf(value);
    for (let index = 0; index < length; index++) set(views, at + index * stride, list[index], refusal);
  },
});

/** A number of equal elements side by side. Made by `array`. */
export class ArrayKind<Plain = unknown, Access = unknown, Given = Plain> extends Composite<
  Plain[],
  ArrayAccess<Access, Plain, Given>,
  GivenArray<Given>
> {
  /** For accessors and `declaration`: the kind of an element. @internal */
  readonly element: Kind<Plain, Access, Given>;
  /** Elements. */
  readonly length: number;
  /** Bytes of all elements. */
  readonly size: number;

  /** @internal `mostBytes`: of a whole memory more than of a field. */
  constructor(element: Kind<Plain, Access, Given>, length: number, mostBytes: number = SIZE_MAX_BYTES) {
    super();
    this.element = element;
    this.length = checkInteger(length, "the length of an array", 1, LENGTH_MAX);
    this.size = checkInteger(element.size * length, "the size of an array", 1, mostBytes);
  }

  /** What messages call it: `array(u32, 10)`. */
  get label(): string {
    return `array(${this.element.label}, ${this.length})`;
  }

  /** Bytes: that of an element. */
  get alignment(): number {
    return this.element.alignment;
  }

  /** For `over`, and for what holds it: an accessor at byte `base`. @internal */
  place(views: Views, base: number, isAligned: boolean): Place {
    return new (classOf(this.element as Kind, isAligned))(views, base, this as unknown as ArrayKind);
  }

  /** For `whole`: elements in turn; a value that is no array of `length` throws before the first. @internal */
  protected makeWhole(): Way<Plain[], GivenArray<Given>> {
    const { element, length } = this;
    const listOf = (value: unknown) => this.#listOf(value);
    const way = element.whole(ownWays(false)) as Way;
    const all: Way = ownCopy(plainRows, way, element.refusal(ELEMENT), length, element.size, listOf);
    return all as Way<Plain[], GivenArray<Given>>;
  }

  #listOf(value: unknown): ArrayLike<unknown> {
    const values = value instanceof ArrayPlace ? value.read() : value;
    if (!Array.isArray(values) && !(ArrayBuffer.isView(values) && !isDataView(values))) {
      throw new TypeError(`Cannot write ${this.label}: ${show(values)} is not an array`);
    }
    const list = values as ArrayLike<unknown>;
    if (list.length === this.length) return list;
    throw new RangeError(`Cannot write ${this.label}: the value has ${list.length} elements`);
  }

  /** For `declaration`: the C type of the innermost elements. @internal */
  cType(nameOf: NameOf): string {
    return this.element.cType(nameOf);
  }

  /** For `declaration`: its length, then those of what is inside, as `[10][4]`. @internal */
  override get cDimensions(): string {
    return `[${this.length}]${this.element.cDimensions}`;
  }

  /** For `declaration`: the struct that the innermost elements are, if they are one. @internal */
  override get inner(): Kind | undefined {
    return this.element.inner;
  }
}

/**
 * A field of `length` elements: scalars, strings, structs, or arrays again. `uint32_t name[10]` in C.
 *
 * An accessor shows it in place: `length`, `at(index)`, `set(index, value)`, `read()`, `write(values)`. It is written from
 * an array, a typed array or another accessor, and read as an array. An array is also a layout of its own:
 * `array("f64", 100).over(memory)`.
 *
 * @throws {RangeError} a length below 1
 * @throws {TypeError} no such type
 * @example
 * ```ts
 * import { array, struct } from "@linux-ipc/core";
 * const Level = struct({ price: "f64", quantity: "u32" });
 * const Book = struct({ symbolId: "u32", bids: array(Level, 10), asks: array(Level, 10) });
 * const book = Book.over(new ArrayBuffer(Book.size));
 * book.bids.set(0, { price: 99.5, quantity: 300 });
 * book.bids.at(0).quantity += 1;
 * console.log(book.bids.at(0).quantity); // 301
 * ```
 */
export function array<const Type extends ElementType>(
  type: Type,
  length: number,
): ArrayKind<Infer<Type>, AccessOf<Type>, GivenOf<Type>> {
  return new ArrayKind(kindOf(type, "array") as Kind<Infer<Type>, AccessOf<Type>, GivenOf<Type>>, length);
}
