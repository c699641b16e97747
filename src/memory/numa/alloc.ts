// Memory of a chosen node.

import { NODES_MAX } from "../../sys/numa.ts";
import { checkInteger, demandOptions } from "../../sys/validate.ts";
import { AnonymousMemory, type AnonymousMemoryOptions, PAGE_OPTIONS } from "../anonymous.ts";

/** How `numa.alloc` makes memory. */
export interface NumaAllocOptions extends Omit<AnonymousMemoryOptions, "size"> {
  /** The NUMA node that all pages come from. */
  node: number;
}

/**
 * Memory of this process alone whose pages all come from one node, as libnuma's numa_alloc_onnode gives.
 *
 * The pages come at their first use; `populate: true` takes them now, so that a node without free memory is an error
 * here. For memory that processes share: `SharedMemory` and `numa.bind`.
 *
 * @throws {IpcError} ENOMEM, EPERM a seccomp profile refuses; as `AnonymousMemory.create`
 * @throws {RangeError} an unknown node, a bad size
 * @see https://man7.org/linux/man-pages/man3/numa.3.html
 * @example
 * ```ts
 * // not run: containers refuse it unless they have CAP_SYS_NICE
 * import { numa } from "@linux-ipc/core";
 * const memory = numa.alloc(1 << 20, { node: 0, populate: true });
 * console.log(numa.pages(memory).every((node) => node === 0)); // true
 * memory.close();
 * ```
 */
export function alloc(size: number, options: NumaAllocOptions): AnonymousMemory {
  demandOptions(options, PAGE_OPTIONS, "numa.alloc");
  checkInteger(options.node, "node", 0, NODES_MAX - 1);
  return AnonymousMemory.create({ ...options, size });
}
