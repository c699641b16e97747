// Calls: in texts about the fields of one struct, the names of what gets and sets each of them.

import type { Kind, Refusal, Way } from "./kind.ts";

/** A field and its place in the struct. */
export interface Placed {
  readonly name: string;
  readonly kind: Kind;
  /** Bytes from the start of the struct. */
  readonly offset: number;
}

/** What is called in a text: given to it as `ways` and `refusals`, which `constants` names. */
export class Calls {
  /** Each once: a struct of forty doubles has one. */
  readonly ways: readonly Way[];
  /** Of each field. */
  readonly refusals: readonly Refusal[];
  /** Engines compile in what constants stand for, and not what stands in an array. */
  readonly constants: string;
  readonly #all: readonly Way[];
  readonly #fields: readonly Placed[];

  constructor(fields: readonly Placed[], all: readonly Way[]) {
    this.#fields = fields;
    this.#all = all;
    this.ways = [...new Set(all)];
    this.refusals = fields.map(({ kind, name }) => kind.refusal(name));
    const ways = this.ways.map((_, index) => `const { get: get${index}, set: set${index} } = ways[${index}];`);
    const refusals = fields.map((_, index) => `no${index} = refusals[${index}]`);
    this.constants = `${ways.join(" ")} const ${refusals.join(", ")};`;
  }

  /** A call that gets field `index`; `at` is where the struct stands. */
  get(index: number, views: string, at: string): string {
    const { offset } = this.#fields[index];
    return `get${this.#way(index)}(${views}, ${at} + ${offset}, no${index})`;
  }

  /** A call that sets it. */
  set(index: number, views: string, at: string, value: string): string {
    const { offset } = this.#fields[index];
    return `set${this.#way(index)}(${views}, ${at} + ${offset}, ${value}, no${index})`;
  }

  #way(index: number): number {
    return this.ways.indexOf(this.#all[index]);
  }
}
