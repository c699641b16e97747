// The order book that the two programs share: what its bytes mean, and where it lies in its file.
import { array, type Infer, LatestValue, MappedFile, Participants, struct } from "@linux-ipc/core";

const Level = struct({ price: "f64", quantity: "f64" });

/** 336 bytes, in C as in TypeScript: `console.log(OrderBook.declaration("OrderBook"))` prints the declaration. */
export const OrderBook = struct({
  timestamp: "u64",
  symbolId: "u32",
  updates: "u32",
  bids: array(Level, 10),
  asks: array(Level, 10),
});

export type Book = Infer<typeof OrderBook>;

/** The file with the book in it, made if it is not there. Who is attached stands at its start, the book behind. */
export function openBook(path: string) {
  const start = Participants.byteSize();
  const content = { type: OrderBook, checksum: true };
  const file = MappedFile.openOrCreate(path, { size: start + LatestValue.byteSize(content) });
  const participants = Participants.over(file, 0);
  return { file, book: LatestValue.over(file, start, { participants, ...content }) };
}
