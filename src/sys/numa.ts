// Memory policy and the whereabouts of pages: one typed function per system call. Results are >= 0 or -errno.

import { environment } from "../runtime/environment.ts";
import { maskAddress, readMask, writeMask } from "./bit_mask.ts";

export const MPOL_DEFAULT = 0;
export const MPOL_PREFERRED = 1;
export const MPOL_BIND = 2;
export const MPOL_INTERLEAVE = 3;
export const MPOL_LOCAL = 4;
export const MPOL_MF_STRICT = 1;
export const MPOL_MF_MOVE = 2;
export const MPOL_F_ADDR = 2;
export const MPOL_F_MEMS_ALLOWED = 4;

/** The kernel's own limit, and more than any machine has. */
export const NODES_MAX = 1024;
const MASK_SIZE = NODES_MAX / 8;

/** mbind(2). */
export function mbind(address: number, length: number, mode: number, nodes: readonly number[], flags: number): number {
  return environment().calls.mbind(address, length, mode, writeMask(nodes, MASK_SIZE), NODES_MAX + 1, flags);
}

/** set_mempolicy(2), of the calling thread. */
export function setMempolicy(mode: number, nodes: readonly number[]): number {
  return environment().calls.set_mempolicy(mode, writeMask(nodes, MASK_SIZE), NODES_MAX + 1);
}

/** get_mempolicy(2): the mode and the nodes, or -errno. */
export function getMempolicy(address: number, flags: number): { mode: number; nodes: number[] } | number {
  const mode = environment().calls.get_mempolicy(maskAddress(), NODES_MAX + 1, address, flags);
  return mode < 0 ? mode : { mode, nodes: readMask(MASK_SIZE) };
}

/** move_pages(2) without moving: the node of each page from `address` on, or -errno for that page; at most 1000. */
export function movePages(address: number, pageSize: number, count: number): Int32Array | number {
  const { calls, scratch } = environment();
  const room = maskAddress();
  const result = calls.move_pages(address, pageSize, count, room);
  if (result < 0) return result;
  const start = scratch.byteOffset + (room - environment().scratchAddress);
  return new Int32Array(scratch.buffer, start, count).slice();
}
