// The two messages of the benchmarks, written and read in place: a 32-byte market tick and a kilobyte.
// Both begin with the sequence number (u32) and a second word that is END_MARK in the last message.
// The views are arguments: whoever loops keeps them in locals, as a program in a hurry would.

export const TICK_SIZE = 32;
export const END_MARK = -1;
const CACHE_LINE_WORDS = 16;

/** What a consumer copies a tick into: timestamp u64 @0, symbol u32 @8, price f64 @16, volume u32 @24. */
export class Tick {
  sequence = 0;
  mark = 0;
  symbolId = 0;
  price = 0.5;
  volume = 0;
}

export function writeTick(i32: Int32Array, f64: Float64Array, offset: number, sequence: number, mark: number): void {
  const word = offset >> 2;
  i32[word] = sequence;
  i32[word + 1] = mark;
  i32[word + 2] = 1001;
  f64[(offset >> 3) + 2] = 100.25;
  i32[word + 6] = 100;
}

export function readTick(i32: Int32Array, f64: Float64Array, offset: number, tick: Tick): void {
  const word = offset >> 2;
  tick.sequence = i32[word] as number;
  tick.mark = i32[word + 1] as number;
  tick.symbolId = i32[word + 2] as number;
  tick.price = f64[(offset >> 3) + 2] as number;
  tick.volume = i32[word + 6] as number;
}

/** A message in the producer's own memory, for the calls that copy it into the ring. */
export class Message {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;

  constructor(size: number) {
    this.words = new Int32Array(size / 4).map((_, index) => index);
    this.bytes = new Uint8Array(this.words.buffer);
  }

  number(sequence: number, mark: number): Uint8Array {
    this.words[0] = sequence;
    this.words[1] = mark;
    return this.bytes;
  }
}

/** The little-endian word at `offset` of a message that was handed out as bytes. */
export function wordAt(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] as number) |
    ((bytes[offset + 1] as number) << 8) |
    ((bytes[offset + 2] as number) << 16) |
    ((bytes[offset + 3] as number) << 24)
  );
}

/** Reads a message in place: one word of every cache line, so that all of it has to come to this core. */
export function touchLines(i32: Int32Array, offset: number, size: number): number {
  const end = (offset + size) >> 2;
  let sum = 0;
  for (let word = offset >> 2; word < end; word += CACHE_LINE_WORDS) sum = (sum + (i32[word] as number)) | 0;
  return sum;
}
