// NUMA nodes: which there are, and what each has.

import { getcpu } from "../../sys/cpu.ts";
import { check } from "../../sys/error.ts";
import { kernelList, kernelText } from "../../sys/kernel_file.ts";

/** A group of processors and the memory that is near to them. */
export interface NumaNode {
  /** The node's number. */
  readonly id: number;
  /** The processors of the node; none where it is memory alone. */
  readonly cpus: readonly number[];
  /** Bytes of memory in the node. */
  readonly totalBytes: number;
  /** Bytes that nobody uses; the file cache counts as used, but gives way. */
  readonly freeBytes: number;
  /** The cost of access to each node, in the order of `nodes()`; 10 is the node's own memory. */
  readonly distances: readonly number[];
}

const FOLDER = "/sys/devices/system/node";

/** The nodes' numbers; a kernel without NUMA has one node, 0. */
export function nodeIds(): number[] {
  return kernelList(`${FOLDER}/online`) ?? [0];
}

/** Whether this kernel has NUMA. Not known where /sys is not mounted: no, then. */
export function hasNuma(): boolean {
  return kernelText(`${FOLDER}/online`) !== undefined;
}

function bytesOf(meminfo: string, name: string): number {
  return Number(new RegExp(`\\b${name}: +(\\d+) kB`).exec(meminfo)?.[1] ?? 0) * 1024;
}

function nodeOf(id: number): NumaNode {
  const folder = `${FOLDER}/node${id}`;
  const meminfo = kernelText(`${folder}/meminfo`) ?? kernelText("/proc/meminfo") ?? "";
  return {
    id,
    cpus: kernelList(`${folder}/cpulist`) ?? kernelList("/sys/devices/system/cpu/online") ?? [],
    totalBytes: bytesOf(meminfo, "MemTotal"),
    freeBytes: bytesOf(meminfo, "MemFree"),
    distances: (kernelText(`${folder}/distance`) ?? "10").split(/\s+/).map(Number),
  };
}

/**
 * The machine's NUMA nodes as they are now. Most machines have one, number 0, and so has a kernel without NUMA.
 *
 * @throws {IpcError} EMFILE, ENFILE the kernel's files cannot be opened now
 * @see https://man7.org/linux/man-pages/man7/numa.7.html
 * @example
 * ```ts
 * import { numa } from "@linux-ipc/core";
 * const [first] = numa.nodes();
 * console.log(first.id, first.freeBytes <= first.totalBytes); // 0 true
 * ```
 */
export function nodes(): NumaNode[] {
  return nodeIds().map(nodeOf);
}

/**
 * getcpu(2): the node of the processor that the calling thread runs on at this instant; `cpu.pin` makes it last.
 *
 * @see https://man7.org/linux/man-pages/man2/getcpu.2.html
 */
export function current(): number {
  const here = getcpu();
  if (typeof here === "number") check(here, () => ({ syscall: "getcpu", doing: "ask for this thread's NUMA node" }));
  return (here as { node: number }).node;
}
