// Laying a latest value over memory: a new one over zeros, or the one that is there.

import type { Placement } from "../memory/placement.ts";
import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import {
  checkAgreement,
  checkType,
  geometryOf,
  readGeometry,
  sizeOf,
  type ValueGeometry,
  writeGeometry,
} from "./latest_value_geometry.ts";
import type { LatestValueOverOptions } from "./latest_value_options.ts";

/** With the layout lock held, unless it is read-only. */
export function layOrFind(
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
