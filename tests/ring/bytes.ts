// The shared bytes of a ring, for tests that look behind its back, or that write what no peer would.

import { SharedMemory, SpscRing, type SpscRingCreateOptions } from "../../mod.ts";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import * as layout from "../../src/ring/spsc/layout.ts";
import { cleanUp, uniqueName } from "../support/mod.ts";

const made: { close(): void }[] = [];

/** For `after`: closes what a test has left open, so that its pending waits do not keep the process. */
export function cleanUpRings(): void {
  for (const one of made.splice(0)) one.close();
  cleanUp();
}

/** The ring's own words, by the offsets of src/ring/spsc/layout.ts. */
export class RingBytes {
  readonly memory: SharedMemory;
  readonly words: Int32Array;

  constructor(name: string) {
    this.memory = SharedMemory.open(name);
    this.words = new Int32Array(this.memory.buffer, 0, this.memory.size >> 2);
    made.push(this);
  }

  get(offset: number): number {
    return Atomics.load(this.words, (OBJECT_OFFSET + offset) >> 2);
  }

  /** What the mark of the message at this position says, in the first lap. */
  mark(position: number): number {
    return this.get(layout.MESSAGES + position);
  }

  set(offset: number, value: number): void {
    Atomics.store(this.words, (OBJECT_OFFSET + offset) >> 2, value);
  }

  close(): void {
    this.memory.close();
  }
}

/** A ring with a name of its own, which goes when it is closed. */
export function makeRing(label: string, options: SpscRingCreateOptions): { ring: SpscRing; name: string } {
  const name = uniqueName(label);
  const ring = SpscRing.create(name, { unlinkOnClose: true, ...options });
  made.push(ring);
  return { ring, name };
}

/** A ring with both of its sides. */
export function makePair(label: string, options: SpscRingCreateOptions) {
  const { ring, name } = makeRing(label, options);
  return { ring, name, producer: ring.producer(), consumer: ring.consumer() };
}

/** What is the byte at `index` of the message with this number. */
export const byteOf = (number: number, index: number) => (number * 31 + index * 7) & 255;

/** A message that says which one it is. */
export function messageOf(number: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => byteOf(number, index));
}

export const text = (message: Uint8Array | undefined) =>
  message === undefined ? undefined : new TextDecoder().decode(message);

export const bytes = (value: string) => new TextEncoder().encode(value);
