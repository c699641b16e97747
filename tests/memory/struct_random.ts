// Random struct definitions and random values for them, for the fuzz tests.

import {
  aligned,
  array,
  asNumber,
  bytes,
  type ElementType,
  type Fields,
  type FieldType,
  type ScalarName,
  type Struct,
  struct,
  text,
} from "../../src/memory/struct/mod.ts";
import type { Random } from "../support/mod.ts";

/** A definition together with a way to make values that it takes. */
export interface Sample<Type> {
  type: Type;
  /** Natural alignment, bytes. */
  alignment: number;
  value(): unknown;
}

const EDGES: readonly number[] = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
const CHARACTERS = ["a", "Z", "7", " ", "é", "€", "𝄞", "\uFEFF", "\uFFFD"];

function integer(random: Random, bits: number, isSigned: boolean): bigint {
  const whole = (BigInt(random.word()) << 32n) | BigInt(random.word());
  const some = random.below(3) === 0 ? random.pick([0n, -1n, 1n, 1n << 63n, (1n << 63n) - 1n]) : whole;
  return isSigned ? BigInt.asIntN(bits, some) : BigInt.asUintN(bits, some);
}

function double(random: Random): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setBigUint64(0, integer(random, 64, false));
  return bits.getFloat64(0);
}

function scalar(random: Random): Sample<ElementType> {
  const type = random.pick<ScalarName>(["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bool"]);
  const bits = Number(type.slice(1)) || 8;
  const alignment = bits / 8;
  if (type === "bool") return { type, alignment, value: () => random.below(2) === 1 };
  if (type === "f32") return { type, alignment, value: () => Math.fround(double(random)) };
  if (type === "f64") return { type, alignment, value: () => double(random) };
  const isSigned = type.startsWith("i");
  const toValue = (whole: bigint) => (bits === 64 ? whole : Number(whole));
  return { type, alignment, value: () => toValue(integer(random, bits, isSigned)) };
}

function safeNumber(random: Random): Sample<ElementType> {
  const isSigned = random.below(2) === 1;
  const value = () => {
    const size = random.below(2) === 0 ? random.pick(EDGES) : random.below(2 ** 53);
    return isSigned && size > 0 && random.below(2) === 0 ? -size : size;
  };
  return { type: asNumber(isSigned ? "i64" : "u64"), alignment: 8, value };
}

function string(random: Random): Sample<ElementType> {
  const size = 1 + random.below(20);
  if (random.below(2) === 0) return { type: bytes(size), alignment: 1, value: () => random.bytes(size) };
  const value = () => {
    let made = "";
    while (new TextEncoder().encode(made).length < size && random.below(8) > 0) made += random.pick(CHARACTERS);
    return new TextEncoder().encode(made).length <= size ? made : "";
  };
  return { type: text(size), alignment: 1, value };
}

function list(random: Random, depth: number): Sample<ElementType> {
  const length = 1 + random.below(5);
  const { type, alignment, value } = element(random, depth - 1);
  return { type: array(type, length), alignment, value: () => Array.from({ length }, value) };
}

function element(random: Random, depth: number): Sample<ElementType> {
  const choice = random.below(depth > 0 ? 10 : 7);
  if (choice < 5) return scalar(random);
  if (choice === 5) return safeNumber(random);
  if (choice === 6) return string(random);
  return choice === 7 ? randomStruct(random, depth - 1) : list(random, depth);
}

/** `aligned` takes no more: nested structs multiply theirs. */
const ALIGNMENT_MOST = 4096;

function field(random: Random, depth: number): Sample<FieldType> {
  const made = element(random, depth);
  if (random.below(8) > 0) return made;
  const alignment = Math.min(made.alignment * 2 ** random.below(4), ALIGNMENT_MOST);
  return { ...made, type: aligned(made.type, alignment), alignment };
}

/** A struct of 1 to 8 fields, nested at most `depth` deep; some packed, some with an alignment of their own. */
export function randomStruct(random: Random, depth = 2): Sample<Struct<Fields>> {
  const fields = Array.from(
    { length: 1 + random.below(8) },
    (_, index) => [`f${index}`, field(random, depth)] as const,
  );
  const packed = random.below(4) === 0;
  const align = random.below(5) === 0 ? 2 ** random.below(8) : undefined;
  const definition = Object.fromEntries(fields.map(([name, { type }]) => [name, type]));
  const type = struct(definition, align === undefined ? { packed } : { packed, align });
  const value = () => Object.fromEntries(fields.map(([name, sample]) => [name, sample.value()]));
  return { type, alignment: type.alignment, value };
}
