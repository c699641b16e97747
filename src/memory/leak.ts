// Reports objects that were collected without close(): a finalizer never closes, it only tells.

import process from "node:process";
import { setTimeout } from "node:timers";

/** A program that ends anyway has leaked nothing that matters, and is not told. */
const DELAY_MS = 1000;

const registry = new FinalizationRegistry<string>((message) => {
  setTimeout(() => process.emitWarning(message, "LinuxIpcLeakWarning"), DELAY_MS).unref();
});

/** Reports `what` when `holder` is collected before `forgetLeak(holder)`; `left` is what stays behind. */
export function reportLeak(holder: object, what: string, left = "its memory stays mapped"): void {
  registry.register(holder, `${what} was garbage collected without close(): ${left}`, holder);
}

export function forgetLeak(holder: object): void {
  registry.unregister(holder);
}
