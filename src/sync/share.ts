// Share: what one object holds, beside what other objects of the same participant hold in the same bytes.
//
// The shared words name the participant, not the object: a word that says "reads", or "is a member", stands as long as
// any of its objects holds something, and one that closes gives back only its own share.

import type { MemoryRegion } from "../memory/memory_region.ts";
import type { Participants } from "../memory/participants.ts";
import type { Placement } from "../memory/placement.ts";

/** All shares of one participant at one place. */
class Holding {
  // `private`, not #private, and numbers from the start: see D34
  total: number = 0;
  readonly owner: number = 0;
  readonly shares = new Set<Share>();

  constructor(owner: number) {
    this.owner = owner;
  }
}

const places = new WeakMap<Participants, WeakMap<MemoryRegion, Map<number, Holding>>>();

function getOrAdd<K, V>(map: { get(key: K): V | undefined; set(key: K, value: V): unknown }, key: K, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}

/** Participants that closed and joined again are another participant, who holds nothing. */
function holdingAt({ participants, memory, base }: Placement): Holding {
  const memories = getOrAdd(places, participants, () => new WeakMap<MemoryRegion, Map<number, Holding>>());
  const holdings = getOrAdd(memories, memory, () => new Map<number, Holding>());
  const owner = participants.join();
  if (holdings.get(base)?.owner !== owner) holdings.delete(base);
  return getOrAdd(holdings, base, () => new Holding(owner));
}

/** Looked up once, by the object's constructor: adding and removing are additions of numbers. */
export class Share {
  private readonly holding: Holding;
  private own: number = 0;

  /** Nothing yet. Joins the participants. */
  constructor(placement: Placement) {
    this.holding = holdingAt(placement);
    this.holding.shares.add(this);
  }

  /** What this object holds. */
  get count(): number {
    return this.own;
  }

  /** What all objects of the participant hold here. */
  get total(): number {
    return this.holding.total;
  }

  add(count: number): void {
    this.own += count;
    this.holding.total += count;
  }

  /** Takes away from our own share, and what goes beyond it from the others'. */
  remove(count: number): void {
    this.own -= count;
    this.holding.total -= count;
    if (this.own < 0) this.takeFromOthers();
  }

  private takeFromOthers(): void {
    for (const other of this.holding.shares) {
      const count = other === this ? 0 : Math.min(other.own, -this.own);
      other.own -= count;
      this.own += count;
    }
  }

  /** Gives up what this object holds; whether that was something, and nobody else's is left. */
  close(): boolean {
    const { own } = this;
    this.remove(own);
    this.holding.shares.delete(this);
    return own > 0 && this.holding.total === 0;
  }
}
