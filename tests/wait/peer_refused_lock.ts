// The peer of refused.test.ts that takes a mutex in one of the forms, again and again, and holds it for a moment.

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Mutex } from "../../mod.ts";

const [name, form] = process.argv.slice(2);
const mutex = Mutex.open(name);
console.log("ready");
for (let round = 0; ; round++) {
  const guard = form === "lock" ? await mutex.lock() : mutex.lockSync();
  console.log(round);
  await sleep(20);
  guard?.unlock();
  while (!mutex.isLocked) await sleep(1);
  console.log("seen"); // the other side's turn, which lasts until it has read this
}
