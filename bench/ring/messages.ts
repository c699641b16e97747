// The two messages of the benchmarks, written and read in place: a 32-byte market tick and a kilobyte.
// Both begin with the sequence number, a double, which is END in the last message.
// The views are arguments: whoever loops keeps them in locals, as a program in a hurry would.

export const TICK_SIZE = 32;
export const END = -1;
const CACHE_LINE_WORDS = 16;

/** What a consumer copies a tick into: timestamp f64 @0 (u64 in C++), symbol u32 @8, price f64 @16, volume u32 @24. */
export class Tick {
  /** The sequence number, as in C++; a double from the start, as it comes. */
  timestamp = 0.5;
  symbolId = 0;
  price = 0.5;
  volume = 0;
}

export function writeTick(i32: Int32Array, f64: Float64Array, offset: number, sequence: number): void {
  const word = offset >> 2;
  f64[offset >> 3] = sequence;
  i32[word + 2] = 1001;
  f64[(offset >> 3) + 2] = 100.25;
  i32[word + 6] = 100;
}

export function readTick(i32: Int32Array, f64: Float64Array, offset: number, tick: Tick): void {
  const word = offset >> 2;
  tick.timestamp = f64[offset >> 3] as number;
  tick.symbolId = i32[word + 2] as number;
  tick.price = f64[(offset >> 3) + 2] as number;
  tick.volume = i32[word + 6] as number;
}

/** A message in the producer's own memory, for the calls that copy it into the ring. */
export class Message {
  readonly bytes: Uint8Array;
  readonly doubles: Float64Array;

  constructor(size: number) {
    this.doubles = new Float64Array(size / 8).map((_, index) => index);
    this.bytes = new Uint8Array(this.doubles.buffer);
  }

  number(sequence: number): Uint8Array {
    this.doubles[0] = sequence;
    return this.bytes;
  }
}

const first = new Float64Array(1);
const firstBytes = new Uint8Array(first.buffer);

/** The sequence number of a message that was handed out as bytes. */
export function sequenceOf(bytes: Uint8Array): number {
  for (let index = 0; index < 8; index++) firstBytes[index] = bytes[index] as number;
  return first[0] as number;
}

/** Reads a message in place: one word of every cache line, so that all of it has to come to this core. */
export function touchLines(i32: Int32Array, offset: number, size: number): number {
  const end = (offset + size) >> 2;
  let sum = 0;
  for (let word = offset >> 2; word < end; word += CACHE_LINE_WORDS) sum = (sum + (i32[word] as number)) | 0;
  return sum;
}
