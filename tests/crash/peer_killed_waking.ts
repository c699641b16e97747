// A process that changes an object for which somebody waits, and is killed where it would wake them.

import process from "node:process";
import { Barrier, Event, Semaphore } from "../../mod.ts";
import { environment } from "../../src/runtime/environment.ts";
import { sleep } from "../support/mod.ts";
import { untilSomebodySleeps } from "./sleepers.ts";

const [kind, name] = process.argv.slice(2) as [string, string];
const { calls } = environment();

function die(): number {
  process.kill(process.pid, "SIGKILL");
  for (;;); // until the signal has come
}

const dieAtWaking = () => Object.assign(calls, { futex_wake: die });

/** The last one of two arrives, when the other one sleeps again after it was told of a new member. */
async function arrive(): Promise<void> {
  const barrier = Barrier.open(name);
  barrier.join();
  await untilSomebodySleeps(name);
  await sleep(200);
  dieAtWaking();
  barrier.arriveSync();
}

if (kind === "barrier") await arrive();
dieAtWaking();
if (kind === "semaphore") Semaphore.open(name).release();
else Event.open(name).set();
