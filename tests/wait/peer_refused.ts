// The peer of refused.test.ts: receives in one of the forms until the end and says what it got, or sends one message.

import process from "node:process";
import { type IpcError, SpscRing } from "../../mod.ts";

const [name, form] = process.argv.slice(2);
const ring = SpscRing.open(name);

async function receiveAll(): Promise<void> {
  const consumer = ring.consumer();
  console.log("ready");
  try {
    for (;;) {
      const message = form === "receive" ? await consumer.receive() : consumer.receiveSync();
      console.log(message?.[0]);
    }
  } catch (error) {
    console.log((error as IpcError).code);
  }
  ring.close();
}

if (form === "produce") {
  ring.producer().trySend(Uint8Array.of(1));
  console.log("ready");
  setInterval(() => {}, 1000);
} else await receiveAll();
