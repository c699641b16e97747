// Structs: layouts that C and JavaScript share.
export { type Aligned, aligned } from "./aligned.ts";
export { type ArrayKind, array } from "./array.ts";
export type { Composite } from "./composite.ts";
export type { Cursor } from "./cursor.ts";
export type { StructOptions } from "./definition.ts";
export type { Kind } from "./kind.ts";
export type { MemoryLike } from "./memory_like.ts";
export { asNumber, type ScalarValue } from "./scalar.ts";
export type { ScalarName } from "./scalars.ts";
export { bytes, text } from "./strings.ts";
export { type Struct, struct } from "./struct.ts";
export type {
  AccessOf,
  Accessor,
  ArrayAccess,
  ElementType,
  Fields,
  FieldType,
  GivenArray,
  GivenOf,
  GivenStruct,
  Infer,
  PlainStruct,
} from "./types.ts";
