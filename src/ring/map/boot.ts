// The boot of a shared map: a file outlives the clock that says when its entries expire.

import type { Placement } from "../../memory/placement.ts";
import { boot } from "../../sys/boot.ts";
import { isInMemory } from "../../sys/memory.ts";
import { BOOT } from "./layout.ts";

/**
 * Whether the times in the map are of a clock that is no more. Containers may see other boot ids of one kernel; but
 * where somebody lives who has joined under the map's, its clock goes on.
 */
export function isOfAnotherBoot({ memory, participants, base }: Placement): boolean {
  const [found, now] = [Atomics.load(new Int32Array(memory.buffer, base + BOOT, 1), 0), boot()];
  if (now === 0 || found === now || isInMemory(memory.fd)) return false;
  return !participants.hasLivingOf(found);
}

/** From now on its times are of this one. */
export function adoptBoot({ memory, base }: Placement): void {
  Atomics.store(new Int32Array(memory.buffer, base + BOOT, 1), 0, boot());
}
