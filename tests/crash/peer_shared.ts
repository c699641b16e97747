// A participant of several rings over one memory: holds both producers' roles, or receives from one of the rings.

import process from "node:process";
import { Participants, PeerDiedError, SharedMemory, SpscRing } from "../../mod.ts";

const [way, name, which] = process.argv.slice(2) as [string, string, string];
const memory = SharedMemory.open(name);
const participants = Participants.over(memory, 0);
const ring = (index: number) => {
  const options = { participants, capacity: 1024 };
  return SpscRing.over(memory, Participants.byteSize() + index * SpscRing.byteSize({ capacity: 1024 }), options);
};

const ways: Record<string, () => Promise<void>> = {
  /** Has both producers' roles. */
  async produce() {
    ring(0).producer();
    ring(1).producer();
    console.log("ready");
  },
  /** Awaited once, and does not any more. */
  async receiveOnce() {
    await ring(Number(which)).consumer().receive({ timeoutMs: 20 });
    console.log("ready");
  },
  async receive() {
    const received = ring(Number(which)).consumer().receive();
    console.log("ready");
    await received.catch((error: unknown) => console.log(error instanceof PeerDiedError ? error.pid : String(error)));
  },
  async receiveSync() {
    const consumer = ring(Number(which)).consumer();
    console.log("ready");
    try {
      consumer.receiveSync();
    } catch (error) {
      console.log(error instanceof PeerDiedError ? error.pid : String(error));
    }
  },
};

setInterval(() => {}, 1000);
await ways[way]?.();
