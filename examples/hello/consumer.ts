// Receives what producer.ts sends, under any runtime: bun consumer.ts, deno run -A consumer.ts, node consumer.ts
import process from "node:process";
import { PeerDiedError, SpscRing } from "@linux-ipc/core";

const name = process.argv[2] ?? "/linux-ipc-hello";
const consumer = SpscRing.openOrCreate(name, { capacity: 65536 }).consumer();
while (!consumer.ended) {
  try {
    for await (const message of consumer) console.log(new TextDecoder().decode(message));
  } catch (error) {
    if (!(error instanceof PeerDiedError)) throw error;
    console.error("A producer was killed before it closed. Waiting for the next one.");
  }
}
SpscRing.unlink(name); // the stream has ended; until now the messages would have waited for us under this name
