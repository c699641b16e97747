// Reports objects that were collected without close(): a finalizer never closes, it only tells.

import process from "node:process";
import { setTimeout } from "node:timers";

/** A program that ends anyway has leaked nothing that matters, and is not told. */
const DELAY_MS = 1000;

function warn(what: string): void {
  process.emitWarning(`${what} was garbage collected without close(): its memory stays mapped`, "LinuxIpcLeakWarning");
}

const registry = new FinalizationRegistry<string>((what) => {
  setTimeout(() => warn(what), DELAY_MS).unref();
});

/** Reports `what` when `holder` is collected before `forgetLeak(holder)`. */
export function reportLeak(holder: object, what: string): void {
  registry.register(holder, what, holder);
}

export function forgetLeak(holder: object): void {
  registry.unregister(holder);
}
