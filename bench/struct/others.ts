// Other structs that a program has: engines share what they learn between getters that come from one source.
import { array, type ScalarName, struct } from "../../src/memory/struct/mod.ts";

const KINDS: readonly ScalarName[] = ["f64", "u32", "u64", "i32", "u16", "u8"];
const SHAPES = 12;
const ROUNDS = 2000;

type AnyAccessor = Record<string, unknown>;

function use(shape: number): void {
  const names = Array.from({ length: 3 + (shape % 5) }, (_, index) => `field${(shape * 7 + index * 3) % 23}`);
  const Inner = struct(Object.fromEntries(names.map((name, index) => [name, KINDS[(shape + index) % KINDS.length]])));
  const Outer = struct({ id: "u32", inner: Inner, list: array(Inner, 4) });
  const inners = Inner.overArray(new ArrayBuffer(Inner.size * 8)) as { at(index: number): AnyAccessor };
  const outer = Outer.over(new ArrayBuffer(Outer.size)) as unknown as {
    list: { set(index: number, item: unknown): void };
  };
  for (let round = 0; round < ROUNDS; round++) {
    const inner = inners.at(round & 7);
    for (const name of names) {
      const value = inner[name];
      inner[name] = value;
    }
    if (round % 100 === 0) outer.list.set(round & 3, inner);
  }
}

/** A dozen structs of different shapes, alive and used, before anything is measured. */
export function useOtherStructs(): void {
  for (let shape = 0; shape < SHAPES; shape++) use(shape);
}
