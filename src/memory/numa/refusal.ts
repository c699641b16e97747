// Why a NUMA call was refused: by a profile, by a sandbox, or by a kernel that has no NUMA.

import { errno } from "../../sys/errno.ts";
import { hasNuma } from "./nodes.ts";

/** ENOSYS is also what seccomp profiles and sandboxes answer; a kernel with NUMA has files about it. */
export function isWithoutNuma(result: number): boolean {
  return result === -errno.ENOSYS && !hasNuma();
}

/** What helps, or what is to blame. */
export function refusalHint(result: number): string | undefined {
  if (result === -errno.EPERM) return "a seccomp profile refuses it; docker run --cap-add SYS_NICE allows it";
  if (result !== -errno.ENOSYS) return undefined;
  return hasNuma() ? "a seccomp profile or a sandbox refuses it" : "this kernel was built without NUMA";
}
