// Books: values of which every 32-bit word says to which number it belongs, so that a torn one cannot pass.

/** An order book of the tutorial: timestamp, symbol and ten levels on each side. */
export const BOOK_BYTES = 336;
export const BOOK_WORDS = BOOK_BYTES / 4;

/** How many bytes book `number` has, where they vary; whole words. */
export const lengthOf = (number: number): number => 4 * (1 + ((number * 37) % BOOK_WORDS));

/** Word 0 is the number itself, the others follow from it. */
export const wordOf = (number: number, index: number): number => (Math.imul(number, 1 + index * 2) + index) | 0;

export function fillBook(words: Int32Array, from: number, count: number, number: number): void {
  for (let index = 0; index < count; index++) words[from + index] = wordOf(number, index);
}

/** The number of a whole book, or -1 for a torn one. */
export function bookNumber(words: Int32Array, from: number, count: number): number {
  const number = words[from] as number;
  for (let index = 1; index < count; index++) {
    if (words[from + index] !== wordOf(number, index)) return -1;
  }
  return number;
}
