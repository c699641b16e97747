// A process that holds a mutex until it is killed, or one that awaits it whenever it is told to.

import process from "node:process";
import { createInterface } from "node:readline";
import { Mutex } from "../../mod.ts";

const [way, name] = process.argv.slice(2) as [string, string];
const mutex = Mutex.open(name);

if (way === "hold") {
  await mutex.lock();
  console.log("held");
  setInterval(() => {}, 1000);
} else {
  for await (const _ of createInterface({ input: process.stdin })) {
    const guard = await mutex.lock();
    console.log(guard.recovered?.pid ?? 0);
    guard.repaired();
    guard.unlock();
  }
  mutex.close();
}
