// A process that waits for one object of each kind until somebody changes it.

import process from "node:process";
import { Barrier, Event, Semaphore } from "../../mod.ts";
import { sleep } from "../support/mod.ts";

const [kind, form, name] = process.argv.slice(2) as [string, string, string];

async function waitForEvent(): Promise<void> {
  const event = Event.open(name);
  if (form === "late") {
    setTimeout(() => event.set(), 20);
    await event.wait();
    event.reset();
    await sleep(2500);
  }
  console.log("waiting");
  if (form === "sync") event.waitSync();
  else await event.wait();
}

async function waitForOther(): Promise<void> {
  console.log("waiting");
  if (kind === "semaphore") await Semaphore.open(name).acquire();
  else {
    const barrier = Barrier.open(name);
    barrier.join();
    await barrier.arrive();
  }
}

if (kind === "event" || kind === "turnstile") await waitForEvent();
else await waitForOther();
console.log("woken");
process.exit(0);
