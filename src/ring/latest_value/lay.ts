// Laying a latest value over memory: a new one over zeros, or the one that is there.

import { withLayoutLock } from "../../memory/layout_lock.ts";
import type { MemoryRegion } from "../../memory/memory_region.ts";
import { checkRoom, type Placement, placementIn } from "../../memory/placement.ts";
import { errno } from "../../sys/errno.ts";
import { IpcError } from "../../sys/error.ts";
import {
  checkAgreement,
  checkType,
  geometryOf,
  readGeometry,
  sizeOf,
  type ValueGeometry,
  writeGeometry,
} from "./geometry.ts";
import * as layout from "./layout.ts";
import type { LatestValueOverOptions } from "./options.ts";

const NOUN = "latest value";

/** What is at a place, a segment of its own or in a memory, or has just been laid there. */
export interface Laid {
  readonly placement: Placement;
  readonly geometry: ValueGeometry;
  readonly created: boolean;
}

/** Racing processes agree, by the layout lock. Over read-only memory nothing is laid and nobody waits: for readers. */
export function layOver(
  memory: MemoryRegion,
  byteOffset: number,
  options: LatestValueOverOptions<unknown, never>,
): Laid {
  const { participants } = options;
  const placement = placementIn(memory, byteOffset, { participants }, layout.FIRST_BUFFER, NOUN);
  if (memory.readOnly) return { placement, ...layOrFind(placement, options) };
  return { placement, ...withLayoutLock(memory, byteOffset, () => layOrFind(placement, options)) };
}

/** With the layout lock held, unless it is read-only. */
function layOrFind(
  placement: Placement,
  options: LatestValueOverOptions<unknown, never>,
): { geometry: ValueGeometry; created: boolean } {
  const { memory, base, name } = placement;
  checkType(options.type);
  const found = readGeometry(memory.buffer, base, name);
  if (found !== undefined) {
    checkAgreement(found, options, name);
    checkRoom(placement, sizeOf(found), NOUN);
    return { geometry: found, created: false };
  }
  const isGiven = options.size !== undefined || options.type !== undefined;
  if (!isGiven || memory.readOnly) {
    const hint = isGiven ? "there is none, and the memory is open read-only" : "there is none, and no size was given";
    throw new IpcError(errno.EINVAL, { syscall: "mmap", doing: `lay a latest value at ${name}`, path: name, hint });
  }
  const geometry = geometryOf(options);
  checkRoom(placement, sizeOf(geometry), NOUN);
  writeGeometry(memory.buffer, base, geometry);
  return { geometry, created: true };
}
