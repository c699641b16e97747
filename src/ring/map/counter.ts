// Counters: values of 8 bytes that hold a signed 64-bit integer, little-endian, as C sees it.

export const COUNTER_BYTES = 8;

/** The number there; not a safe integer where somebody else has written more than 53 bits. */
export function readCounter(words: Int32Array, at: number): number {
  return (words[at + 1] as number) * 2 ** 32 + ((words[at] as number) >>> 0);
}

/** Writes a safe integer. */
export function writeCounter(words: Int32Array, at: number, value: number): void {
  words[at] = value; // the conversion to 32 bits is modulo 2^32, also of negative numbers
  words[at + 1] = Math.floor(value / 2 ** 32);
}
