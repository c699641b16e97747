// Sends three messages to consumer.ts, under any runtime; either of the two may be started first.
import process from "node:process";
import { SpscRing } from "@linux-ipc/core";

const name = process.argv[2] ?? "/linux-ipc-hello";
const producer = SpscRing.openOrCreate(name, { capacity: 65536 }).producer();
for (const word of ["hello", "from", navigator.userAgent]) await producer.send(new TextEncoder().encode(word));
producer.close();
