// Ending: a Worker may end without close. The mapping of a named object stays, since its buffer may live on in another
// Worker; its descriptor, which is nobody else's, need not.

import { disown, own } from "../sys/owned.ts";
import type { SharedMemory } from "./shared_memory.ts";

/** The memory's descriptor is closed at the latest when this environment ends. */
export function endWithEnvironment(memory: SharedMemory): void {
  const owned = own(memory.fd);
  if (owned < 0) return; // no memory for a few bytes: then it stays, too
  memory.beforeClose({}, () => disown(owned));
}
