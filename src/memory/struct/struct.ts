// struct(): a layout of named fields that C and JavaScript share, with accessors over any memory.

import { INSPECT } from "../../sys/inspect.ts";
import { checkBoolean, checkOptions } from "../../sys/validate.ts";
import { type AccessorClass, accessorClass } from "./accessor.ts";
import { ArrayKind, LENGTH_MAX } from "./array.ts";
import { checkFields, refuseMissing } from "./check_fields.ts";
import { Composite } from "./composite.ts";
import { type Cursor, type CursorClass, cursorClass, trackOf } from "./cursor.ts";
import { declarationOf } from "./declaration.ts";
import { fieldsOf, type StructOptions } from "./definition.ts";
import { jsonOf } from "./json.ts";
import type { Kind, NameOf, Place, Views, Way } from "./kind.ts";
import { checkAlignment, type Layout, layOut } from "./layout.ts";
import { elementsOf, type MemoryLike, placeIn, rangeOf } from "./memory_like.ts";
import { checkName } from "./names.ts";
import type { Accessor, ArrayAccess, Fields, GivenStruct, PlainStruct } from "./types.ts";
import { wholeOf } from "./whole.ts";

/** A layout of named fields. Made by `struct`. */
export class Struct<Of extends Fields> extends Composite<PlainStruct<Of>, Accessor<Of>, GivenStruct<Of>> {
  /** As the options gave it. */
  readonly name: string | undefined;
  /** Bytes, padding included. */
  readonly size: number;
  /** Bytes. */
  readonly alignment: number;
  /** Bytes from the start of the struct to each field. */
  readonly offsets: { readonly [Name in keyof Of]: number };
  /** Whether there is no padding. */
  readonly packed: boolean;
  /** The alignment that the options asked for. */
  readonly align: number | undefined;
  /** For accessors and `declaration`: the fields with their places, in order. @internal */
  readonly layout: Layout;
  readonly #names: readonly string[];
  #Aligned: AccessorClass | undefined;
  #Other: AccessorClass | undefined;
  #Cursor: CursorClass | undefined;

  /** @internal Use `struct`. */
  constructor(definition: Of, options: StructOptions) {
    super();
    checkOptions(options, ["name", "packed", "align"], "struct");
    this.name = options.name === undefined ? undefined : checkName(options.name, "the name of a struct");
    this.packed = checkBoolean(options.packed ?? false, "packed");
    this.align = options.align === undefined ? undefined : checkAlignment(options.align, "align", 1);
    this.layout = layOut(fieldsOf(definition), this.packed, this.align ?? 1);
    this.size = this.layout.size;
    this.alignment = this.layout.alignment;
    this.#names = this.layout.fields.map(({ name }) => name);
    const offsets = this.layout.fields.map(({ name, offset }) => [name, offset]);
    this.offsets = Object.freeze(Object.fromEntries(offsets));
  }

  /** What messages call it: its name, or "a struct". */
  get label(): string {
    return this.name ?? "a struct";
  }

  /**
   * An accessor that can be moved by bytes, without allocation: for messages of a ring, whose offsets `peekAt` and
   * `claimAt` give.
   *
   * @throws {TypeError} not memory
   * @throws {RangeError} memory that is closed
   */
  cursor(memory: MemoryLike | Accessor<Of>): Cursor<Accessor<Of>> {
    this.#Cursor ??= cursorClass();
    const range = rangeOf(memory);
    if (range.buffer.byteLength === 0) placeIn(range, 0, this as unknown as Kind, "lay");
    const place = this.place(elementsOf(range.buffer), 0, true);
    return new this.#Cursor(place, trackOf(memory, this as unknown as Kind)) as unknown as Cursor<Accessor<Of>>;
  }

  /**
   * Structs side by side from `byteOffset`, as many as fit or `length`, at most 2 ** 31 - 1. One accessor moves over them:
   * `at(index)` re-points it, without allocation. To keep one where it is: `Tick.over(ticks.at(3))`.
   *
   * @throws {RangeError} the memory ends before, or is too small for one; a byte that is not aligned
   */
  overArray(
    memory: MemoryLike,
    byteOffset: number = 0,
    length: number = this.#fitting(memory, byteOffset),
  ): ArrayAccess<Accessor<Of>, PlainStruct<Of>, GivenStruct<Of>> {
    const whole = new ArrayKind<PlainStruct<Of>, Accessor<Of>, GivenStruct<Of>>(this, length, Number.MAX_SAFE_INTEGER);
    return whole.over(memory, byteOffset);
  }

  /** How many fit from `byteOffset` on. Where there is no room for one, it is that one which cannot be laid. */
  #fitting(memory: MemoryLike, byteOffset: number): number {
    const range = rangeOf(memory);
    placeIn(range, byteOffset, this as unknown as Kind, "lay");
    return Math.min(Math.floor((range.length - byteOffset) / this.size), LENGTH_MAX);
  }

  /**
   * The same struct in C, with its headers, nested structs first, and assertions by which the compiler checks every
   * offset. C11 with the attributes of gcc and clang. Nested structs are called by their `name` option, or after the
   * fields that hold them.
   *
   * @throws {TypeError} no name was given here or in the options; a name that C has taken, or two structs of one name
   */
  declaration(name: string | undefined = this.name): string {
    return declarationOf(this as unknown as Struct<Fields>, checkName(name, "the name of the declaration"));
  }

  /** For `over`, and for what holds it: an accessor at byte `base`. The first one makes their class. @internal */
  place(views: Views, base: number, isAligned: boolean): Place {
    return new (this.#accessorClass(isAligned && !this.packed))(views, base);
  }

  /** Made when first needed: that of a struct that is only inside others, or only declared, never is. */
  #accessorClass(isAligned: boolean): AccessorClass {
    if (isAligned) {
      this.#Aligned ??= this.#makeAccessors(true);
      return this.#Aligned;
    }
    this.#Other ??= this.#makeAccessors(false);
    return this.#Other;
  }

  #makeAccessors(isAligned: boolean): AccessorClass {
    const struct = this;
    function inspect(this: Accessor<Of>): PlainStruct<Of> {
      return struct.read(this);
    }
    function toJSON(this: Accessor<Of>): unknown {
      return jsonOf(struct.read(this));
    }
    const made = accessorClass(this.layout.fields, isAligned);
    if (!this.#names.includes("toJSON")) Object.defineProperty(made.prototype, "toJSON", { value: toJSON });
    Object.defineProperties(made.prototype, {
      $size: { value: this.size },
      [INSPECT]: { value: inspect },
    });
    return made;
  }

  /** For `whole`: fields in order; a missing or unknown one throws before the first is set. @internal */
  protected makeWhole(): Way<PlainStruct<Of>, GivenStruct<Of>> {
    const check = (value: unknown): void => checkFields(value, this.#names, this.label);
    const missing = (name: string): never => refuseMissing(name, this.label);
    return wholeOf(this.layout.fields, { check, missing }) as unknown as Way<PlainStruct<Of>, GivenStruct<Of>>;
  }

  /** For `declaration`: the name that it gives this struct. @internal */
  cType(nameOf: NameOf): string {
    return nameOf(this as unknown as Kind);
  }

  /** For `declaration`: this struct, which C has to know before any that holds it. @internal */
  override get inner(): Kind {
    return this as unknown as Kind;
  }
}

/**
 * A struct as C lays it out on x86-64 and AArch64 (natural alignment, little endian), for memory that processes share.
 *
 * Fields are scalars by name (`u8` to `u64`, `i8` to `i64`, `f32`, `f64`, `bool`), other structs, `array(type, length)`,
 * `bytes(size)`, `text(size)`; `u64` and `i64` are bigints, `asNumber("u64")` is a number. `over` gives an accessor whose
 * properties read and write the memory in place (setting any other one is a TypeError); `overArray` and `cursor` give one
 * that moves, without allocation; `read` and `write` copy plain objects; `declaration` gives the same struct in C. Loads
 * and stores are plain: who may write when is for a ring or a lock to say. `Infer<typeof Tick>` is the plain object's type,
 * `GivenOf<typeof Tick>` that of what `write` takes.
 * An accessor is no plain object: to copy, compare or send it, take `Tick.read(tick)`, since `{ ...tick }` and
 * `structuredClone` see only its insides. `JSON.stringify(tick)` shows the fields, 64-bit integers as decimal strings and
 * bytes as arrays of numbers (unless a field is called `toJSON`).
 *
 * The accessors' classes, and what reads and writes plain objects, are made once per struct from text, for speed. Where
 * that is forbidden (Node's `--disallow-code-generation-from-strings`), all structs share one class text and are slower.
 *
 * @throws {TypeError} no such type or option; a name that is no C identifier
 * @throws {RangeError} no fields; an alignment that is no power of two up to 4096
 * @example
 * ```ts
 * import { type Infer, struct } from "@linux-ipc/core";
 * const Tick = struct({ timestamp: "u64", symbolId: "u32", price: "f64", volume: "u32" });
 * console.log(Tick.size, Tick.offsets.price); // 32 16
 * const memory = new ArrayBuffer(4096); // or SharedMemory, or a message
 * const tick = Tick.over(memory);
 * tick.price = 99.5;
 * tick.volume += 100;
 * const copy: Infer<typeof Tick> = Tick.read(memory);
 * console.log(copy.timestamp, copy.price, copy.volume); // 0 99.5 100
 * const ticks = Tick.overArray(memory); // 128 of them
 * for (let index = 0; index < ticks.length; index++) ticks.at(index).symbolId = index;
 * console.log(Tick.read(memory, 127 * Tick.size).symbolId); // 127
 * ```
 */
export function struct<const Of extends Fields>(fields: Of, options: StructOptions = {}): Struct<Of> {
  return new Struct(fields, options);
}
