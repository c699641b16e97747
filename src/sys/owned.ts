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

function during<T>(owned: number, action: () => T): T {
  try {
    return action();
  } finally {
    if (owned > 0) disown(owned);
  }
}

/**
 * Runs `action`, which locks by this descriptor and unlocks. A Worker that is terminated runs no `finally`: if that happens
 * in the middle, the descriptor is closed with the environment, and nothing stays locked.
 */
export function whileOwned<T>(fd: number, action: () => T): T {
  return during(own(fd), action);
}

/**
 * As whileOwned, where the descriptor is kept: only its record locks end with the environment. That has to be said, since a
 * mapping of the file, which stays, would keep them.
 */
export function whileLocking<T>(fd: number, action: () => T): T {
  const { calls, address } = environment();
  return during(calls.own_locks(fd, address), action);
}
