// Laying a shared map over memory: a new one over zeros, or the one that is there.

import { withLayoutLock } from "../../memory/layout_lock.ts";
import type { MemoryRegion } from "../../memory/memory_region.ts";
import { checkRoom, type Placement, placementOver } from "../../memory/placement.ts";
import type { SharedMemory } from "../../memory/shared_memory.ts";
import { errno } from "../../sys/errno.ts";
import { IpcError } from "../../sys/error.ts";
import {
  checkAgreement,
  checkEvict,
  geometryOf,
  layEmpty,
  type MapGeometry,
  readGeometry,
  sizeOf,
} from "./geometry.ts";
import * as layout from "./layout.ts";
import type { SharedMapOverOptions } from "./options.ts";

/** What is at a place, a segment of its own or in a memory, or has just been laid there. */
export interface LaidMap {
  readonly placement: Placement;
  readonly geometry: MapGeometry;
  readonly created: boolean;
}

/** Racing processes agree, by the layout lock. */
export function layOver(region: MemoryRegion, byteOffset: number, options: SharedMapOverOptions): LaidMap {
  const memory = region as SharedMemory;
  const { participants } = options;
  const placement = placementOver(memory, byteOffset, { participants }, layout.FIRST_BUCKET, "map");
  return { placement, ...withLayoutLock(memory, byteOffset, () => layOrFind(placement, options)) };
}

/** With the layout lock held. */
function layOrFind(placement: Placement, options: SharedMapOverOptions): { geometry: MapGeometry; created: boolean } {
  const { memory, base, name } = placement;
  checkEvict(options.evict);
  const found = readGeometry(memory.buffer, base, name);
  if (found !== undefined) {
    checkAgreement(found, options, name);
    checkRoom(placement, sizeOf(found), "map");
    return { geometry: found, created: false };
  }
  if (options.capacity === undefined && options.valueSize === undefined) {
    const hint = "there is none, and no capacity and valueSize were given";
    throw new IpcError(errno.EINVAL, { syscall: "mmap", doing: `lay a map at ${name}`, path: name, hint });
  }
  const geometry = geometryOf(options);
  checkRoom(placement, sizeOf(geometry), "map");
  layEmpty(memory.buffer, base, geometry);
  return { geometry, created: true };
}
