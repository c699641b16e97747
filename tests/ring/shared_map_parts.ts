// Shared maps for tests: made with names of their own, and looked at behind their backs.

import { SharedMap, type SharedMapCreateOptions, SharedMemory } from "../../mod.ts";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import * as layout from "../../src/ring/map/layout.ts";
import { uniqueName } from "../support/mod.ts";

export const bytes = (value: string) => new TextEncoder().encode(value);
export const text = (value: Uint8Array | undefined) =>
  value === undefined ? undefined : new TextDecoder().decode(value);

/** One with a name of its own, which goes when it is closed. */
export function makeMap(label: string, options: Partial<SharedMapCreateOptions> = {}) {
  const name = uniqueName(label);
  return { name, map: SharedMap.create(name, { capacity: 16, valueSize: 32, unlinkOnClose: true, ...options }) };
}

/** Everything in it, as text, in the order of the keys. */
export function contentOf(map: SharedMap): Record<string, string> {
  const entries = [...map].map(([key, value]) => [key, text(value) as string]);
  return Object.fromEntries(entries.sort(([left], [right]) => ((left as string) < (right as string) ? -1 : 1)));
}

/** The words of a map, by the offsets of src/ring/map/layout.ts. */
export class MapBytes {
  readonly memory: SharedMemory;
  readonly words: Int32Array;

  constructor(name: string) {
    this.memory = SharedMemory.open(name);
    this.words = new Int32Array(this.memory.buffer);
  }

  get(offset: number): number {
    return Atomics.load(this.words, (OBJECT_OFFSET + offset) / 4);
  }

  set(offset: number, value: number): void {
    Atomics.store(this.words, (OBJECT_OFFSET + offset) / 4, value);
  }

  /** Where the slot with this link stands, from the object's start. */
  slotOffset(link: number): number {
    const [capacity, keySize, valueSize] = [layout.CAPACITY, layout.KEY_SIZE, layout.VALUE_SIZE].map((at) =>
      this.get(at),
    ) as [number, number, number];
    const isLru = this.get(layout.FLAGS) === layout.FLAG_LRU;
    return layout.slotsOffset(capacity, isLru) + (link - 1) * layout.strideOf(keySize, valueSize);
  }

  close(): void {
    this.memory.close();
  }
}
