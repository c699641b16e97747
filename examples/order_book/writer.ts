// Updates the order book in a file as fast as it can, until it is killed: writer.ts FILE [PID]
//
// Or until the process PID, whose file it is, has ended: then it takes the file away.
import { rmSync } from "node:fs";
import process from "node:process";
import { Peer } from "@linux-ipc/core";
import { type Book, openBook } from "./book.ts";

const [path = "/tmp/linux-ipc-order-book", pid] = process.argv.slice(2);
const owner = pid === undefined ? undefined : Peer.ofPid(Number(pid));
const { book } = openBook(path);
const reader = book.reader();
const writer = book.writer();

/** Each level carries the number of the update, so that a half-written book would show. */
function bookOf(updates: number): Book {
  const side = (sign: number) =>
    Array.from({ length: 10 }, (_, level) => ({ price: 100 + sign * (level + 1) * 0.01, quantity: updates }));
  return { timestamp: BigInt(Date.now()), symbolId: 1001, updates, bids: side(-1), asks: side(1) };
}

const found = reader.tryRead();
writer.write(bookOf(found?.updates ?? 0));
writer.sync(); // from here on this one would survive a power loss; kill -9 needs no sync
console.log(found === undefined ? "a new book" : `a book with ${found.updates} updates`); // whoever reads it may kill us

for (let updates = (found?.updates ?? 0) + 1; owner?.isAlive !== false; updates++) {
  for (let burst = 0; burst < 1000; burst++) writer.write(bookOf(updates++));
  await new Promise((resolve) => setTimeout(resolve, 1)); // the loop stays usable
}
rmSync(path, { force: true }); // its owner may have been killed by kill -9, which leaves no time for it
