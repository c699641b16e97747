// Reports objects that were collected without close(): a finalizer never closes, it only tells.

import process from "node:process";

const registry = new FinalizationRegistry<string>((what) => {
  process.emitWarning(`${what} was garbage collected without close(): its memory stays mapped`, "LinuxIpcLeakWarning");
});

/** Reports `what` when `holder` is collected before `forgetLeak(holder)`. */
export function reportLeak(holder: object, what: string): void {
  registry.register(holder, what, holder);
}

export function forgetLeak(holder: object): void {
  registry.unregister(holder);
}
