// Whereabouts: the NUMA node of each page.

import { IpcError } from "../../sys/error.ts";
import { movePages } from "../../sys/numa.ts";
import { type ByteRange, type MappedMemory, touchedPages } from "../mapped_range.ts";
import { refusalHint } from "./refusal.ts";

const PAGES_AT_ONCE = 1000;

/**
 * move_pages(2): the node that each page of the range is on now; -1 for a page that this process has not touched yet.
 *
 * `prefault` makes all pages present first. Of huge pages there is one entry for each `memory.pageSize`.
 *
 * @throws {IpcError} EPERM a seccomp profile refuses; ENOSYS a sandbox refuses, or no NUMA in this kernel; EBADF the memory is closed
 * @throws {RangeError} a range outside the memory
 * @see https://man7.org/linux/man-pages/man2/move_pages.2.html
 * @example
 * ```ts
 * // not run: containers refuse it unless they have CAP_SYS_NICE
 * import { AnonymousMemory, numa } from "@linux-ipc/core";
 * const memory = AnonymousMemory.create({ size: 8192 });
 * memory.bytes[0] = 1;
 * console.log(numa.pages(memory)); // 0,-1
 * memory.close();
 * ```
 */
export function pages(memory: MappedMemory, range: ByteRange = {}): Int32Array {
  const action = { doing: "ask for the NUMA nodes of pages", syscall: "move_pages" };
  const { address, length } = touchedPages(memory, range, action);
  const { pageSize } = memory;
  const nodes = new Int32Array(length / pageSize);
  for (let first = 0; first < nodes.length; first += PAGES_AT_ONCE) {
    const count = Math.min(PAGES_AT_ONCE, nodes.length - first);
    const found = movePages(address + first * pageSize, pageSize, count);
    if (typeof found === "number") throw new IpcError(-found, { ...action, hint: refusalHint(found) });
    nodes.set(
      found.map((node) => Math.max(node, -1)),
      first,
    );
  }
  return nodes;
}
