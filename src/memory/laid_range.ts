// LaidRange: the bytes that an open object of this process lies over, so that no other one is laid across them.

import { withArticle } from "../sys/validate.ts";
import type { MemoryRegion } from "./memory_region.ts";

/** Objects of one kind at one place: they are the same object. */
interface Claim {
  readonly noun: string;
  readonly base: number;
  end: number;
  count: number;
}

/** Of each memory, in order: they do not overlap. */
const claimsOf = new WeakMap<MemoryRegion, Claim[]>();

/** The index of the first claim that begins at `base` or behind it. */
function findFirst(claims: readonly Claim[], base: number): number {
  let [low, high] = [0, claims.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (claims[middle].base < base) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class LaidRange {
  readonly #memory: MemoryRegion;
  readonly #noun: string;
  readonly #base: number;
  #end = 0;

  /** Nothing is claimed yet. */
  constructor(memory: MemoryRegion, noun: string, base: number) {
    this.#memory = memory;
    this.#noun = noun;
    this.#base = base;
  }

  get #claims(): Claim[] {
    const claims = claimsOf.get(this.#memory) ?? [];
    claimsOf.set(this.#memory, claims);
    return claims;
  }

  /** Throws where another object lies in the first `size` bytes; the same one may, any number of times. */
  check(size: number): void {
    this.#end = this.#base + size;
    const claims = this.#claims;
    const first = findFirst(claims, this.#base);
    const before = claims[first - 1];
    if (before !== undefined && before.end > this.#base) throw this.#overlap(before);
    const isSame = claims[first]?.base === this.#base && claims[first].noun === this.#noun;
    const behind = claims[isSame ? first + 1 : first];
    if (behind !== undefined && behind.base < this.#end) throw this.#overlap(behind);
  }

  #overlap({ noun, base, end }: Claim): RangeError {
    const own = `${withArticle(this.#noun)} at bytes ${this.#base} to ${this.#end}`;
    return new RangeError(`${own} would lie over ${withArticle(noun)} that is open here, bytes ${base} to ${end}`);
  }

  /** The bytes that were checked last are an object's, until `release`. */
  claim(): void {
    const claims = this.#claims;
    const index = findFirst(claims, this.#base);
    const found = claims[index];
    if (found?.base === this.#base) {
      found.count++;
      found.end = Math.max(found.end, this.#end);
    } else claims.splice(index, 0, { noun: this.#noun, base: this.#base, end: this.#end, count: 1 });
  }

  /** Once for each claim. */
  release(): void {
    const claims = this.#claims;
    const index = findFirst(claims, this.#base);
    claims[index].count--;
    if (claims[index].count === 0) claims.splice(index, 1);
  }
}
