// Descriptors that end with this environment (shim/owned.c): the main thread, or a Worker that ends without closing them.

import { environment } from "../runtime/environment.ts";

/** The descriptor is closed when this environment ends. A handle for `disown`, or -errno. */
export function own(fd: number): number {
  const { calls, address } = environment();
  return calls.own(fd, address);
}

/** Gives it up: its owner closes it itself. */
export function disown(handle: number): void {
  environment().calls.disown(handle);
}
