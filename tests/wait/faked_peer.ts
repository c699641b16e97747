// The program of faked_clock.test.ts: is told while no microtasks are queued, as under Jest's fake timers, and ends. NAME

import process from "node:process";
import { Event } from "../../mod.ts";

const event = Event.create(process.argv[2] as string, { unlinkOnClose: true });
const other = Event.open(process.argv[2] as string);
const { queueMicrotask } = globalThis;
globalThis.queueMicrotask = () => {};
setTimeout(() => other.set(), 5);
console.log(await event.wait());
globalThis.queueMicrotask = queueMicrotask;
for (const one of [event, other]) one.close();
