// A side of a ring that waits in a given way, or does nothing at all, and says when it is told of its peer's end.

import process from "node:process";
import { PeerDiedError, SpscRing } from "../../mod.ts";
import { clockMonotonic } from "../../src/sys/futex.ts";

const [way, name] = process.argv.slice(2) as [string, string];
const ring = SpscRing.open(name);
const message = new Uint8Array(8);

function consumer() {
  const side = ring.consumer();
  console.log("waiting");
  return side;
}

/** Of a ring that is full: what makes room from here on is waited for. */
function producer() {
  const side = ring.producer();
  while (side.trySend(message));
  console.log("waiting");
  return side;
}

/** What each way waits for: resolves to what it got. */
const ways: Record<string, () => unknown> = {
  receive: () => consumer().receive(),
  receiveSync: () => consumer().receiveSync(),
  async iterate() {
    for await (const received of consumer()) return received;
    return undefined;
  },
  send: () => producer().send(message),
  sendSync: () => producer().sendSync(message),
};

/** Holds a role and does what the test says on standard input. */
async function obey(): Promise<void> {
  const side = way === "produce" ? ring.producer() : ring.consumer();
  console.log("attached");
  for await (const _ of process.stdin) {
    if ("trySend" in side) side.trySend(message);
    else side.drain(() => {});
  }
}

async function wait(): Promise<void> {
  try {
    const got = await ways[way]?.();
    console.log(JSON.stringify({ got: got !== undefined, instant: clockMonotonic() }));
  } catch (error) {
    if (!(error instanceof PeerDiedError)) throw error;
    console.log(JSON.stringify({ dead: error.pid, instant: clockMonotonic() }));
  }
}

await (way in ways ? wait() : obey());
ring.close();
