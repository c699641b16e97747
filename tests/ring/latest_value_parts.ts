// Latest values for tests: made with names of their own, looked at behind their backs, and a type without a library.

import { LatestValue, type LatestValueCreateOptions, SharedMemory, type ValueType } from "../../mod.ts";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import * as layout from "../../src/ring/latest_value/layout.ts";
import { cleanUp, uniqueName } from "../support/mod.ts";

const made: { close(): void }[] = [];

/** For `after`: closes what a test has left open, so that its pending waits do not keep the process. */
export function cleanUpValues(): void {
  for (const one of made.splice(0)) one.close();
  cleanUp();
}

/** One with a name of its own, which goes when it is closed. */
export function makeLatest(label: string, options: LatestValueCreateOptions) {
  const name = uniqueName(label);
  const latest = LatestValue.create(name, { unlinkOnClose: true, ...options });
  made.push(latest);
  return { name, latest };
}

/** One with its writer and a reader. */
export function makeBoth(label: string, options: LatestValueCreateOptions) {
  const { name, latest } = makeLatest(label, options);
  return { name, latest, writer: latest.writer(), reader: latest.reader() };
}

/** Its own words, by the offsets of src/ring/latest_value/layout.ts. */
export class ValueBytes {
  readonly memory: SharedMemory;
  readonly words: Int32Array;
  readonly #size: number;

  constructor(name: string) {
    this.memory = SharedMemory.open(name);
    this.words = new Int32Array(this.memory.buffer);
    this.#size = this.get(layout.SIZE);
  }

  get(offset: number): number {
    return Atomics.load(this.words, (OBJECT_OFFSET + offset) / 4);
  }

  set(offset: number, value: number): void {
    Atomics.store(this.words, (OBJECT_OFFSET + offset) / 4, value);
  }

  /** Where a buffer stands, from the object's start. */
  bufferOffset(index: number): number {
    return layout.FIRST_BUFFER + index * layout.strideOf(this.#size);
  }

  /** Moves one that nobody has written yet to a version, as if that many values had been published. */
  startAt(version: number): void {
    const sequence = version % 2 ** 32;
    const buffer = this.bufferOffset(sequence % this.get(layout.BUFFERS));
    this.set(buffer + layout.EPOCH, Math.floor(version / 2 ** 32));
    this.set(buffer + layout.SEQUENCE, sequence | 0);
    this.set(layout.CURRENT, sequence | 0);
  }

  close(): void {
    this.memory.close();
  }
}

export interface Quote {
  readonly price: number;
  readonly volume: number;
}

/** A type as somebody without `struct` would write it. */
export const Quote: ValueType<Quote> = {
  size: 16,
  read: (memory, byteOffset) => ({
    price: memory.getFloat64(byteOffset, true),
    volume: memory.getUint32(byteOffset + 8, true),
  }),
  write(memory, byteOffset, { price, volume }) {
    if (typeof price !== "number") throw new TypeError("price must be a number");
    memory.setFloat64(byteOffset, price, true);
    memory.setFloat64(byteOffset + 8, 0, true);
    memory.setUint32(byteOffset + 8, volume, true);
  },
};

export const text = (value: Uint8Array | undefined) =>
  value === undefined ? undefined : new TextDecoder().decode(value);

export const bytes = (value: string) => new TextEncoder().encode(value);
