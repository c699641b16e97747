// Laying a latest value over memory: a new one over zeros, or the one that is there.

import { ALIGNMENT } from "../../memory/layout.ts";
import { withLayoutLock } from "../../memory/layout_lock.ts";
import type { MemoryRegion } from "../../memory/memory_region.ts";
import { Participants } from "../../memory/participants.ts";
import { type Placement, placementOver } from "../../memory/placement.ts";
import { errno } from "../../sys/errno.ts";
import { IpcError } from "../../sys/error.ts";
import { checkInteger } from "../../sys/validate.ts";
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

/** What is at a place in a memory, or has just been laid there. */
export interface Laid {
  readonly placement: Placement;
  readonly geometry: ValueGeometry;
  readonly created: boolean;
}

/** Over read-only memory nothing is laid and nobody waits; but there may be readers. */
function readOnlyPlacement(memory: MemoryRegion, base: number, { participants }: LatestValueOverOptions): Placement {
  if (!(participants instanceof Participants)) throw new TypeError(`a ${NOUN} over a memory needs { participants }`);
  checkInteger(base, "byteOffset", 0, memory.size - layout.FIRST_BUFFER);
  if (base % ALIGNMENT !== 0) throw new RangeError(`byteOffset must be a multiple of ${ALIGNMENT}, not ${base}`);
  const name = `${memory.name ?? "anonymous memory"}+${base}`;
  return { memory, participants, base, name, created: false, ownsMemory: false };
}

/** Racing processes agree, by the layout lock. */
export function layOver(
  memory: MemoryRegion,
  byteOffset: number,
  options: LatestValueOverOptions<unknown, never>,
): Laid {
  if (memory.readOnly) {
    const placement = readOnlyPlacement(memory, byteOffset, options as LatestValueOverOptions);
    return { placement, ...layOrFind(placement, options) };
  }
  const { participants } = options;
  const placement = placementOver(memory, byteOffset, { participants }, layout.FIRST_BUFFER, NOUN);
  return { placement, ...withLayoutLock(memory, byteOffset, () => layOrFind(placement, options)) };
}

/** With the layout lock held, unless it is read-only. */
function layOrFind(
  { memory, base, name }: Placement,
  options: LatestValueOverOptions<unknown, never>,
): { geometry: ValueGeometry; created: boolean } {
  checkType(options.type);
  const found = readGeometry(memory.buffer, base, name);
  if (found !== undefined) {
    checkAgreement(found, options, name);
    return { geometry: found, created: false };
  }
  const isGiven = options.size !== undefined || options.type !== undefined;
  if (!isGiven || memory.readOnly) {
    const hint = isGiven ? "there is none, and the memory is open read-only" : "there is none, and no size was given";
    throw new IpcError(errno.EINVAL, { syscall: "mmap", doing: `lay a latest value at ${name}`, path: name, hint });
  }
  const geometry = geometryOf(options);
  if (base + sizeOf(geometry) > memory.size) {
    throw new RangeError(
      `a latest value of ${sizeOf(geometry)} bytes at ${name} does not fit into ${memory.size} bytes`,
    );
  }
  writeGeometry(memory.buffer, base, geometry);
  return { geometry, created: true };
}
