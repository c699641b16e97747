// Salvage: after power loss the current value may be half written; then the newest whole one stands in for it.

import type { ValueBuffers } from "./buffers.ts";
import * as layout from "./layout.ts";

/** What readers take in place of a half-written value. */
export interface Salvage {
  /** The sequence in `current` that must not be believed. */
  readonly distrusted: number;
  /** Header of the newest whole value, or -1 where none is left. */
  readonly header: number;
  /** What stood there when it was found; a writer that comes will write there again. */
  readonly sequence: number;
  readonly epoch: number;
}

const durableHeaders = (buffers: ValueBuffers) =>
  Array.from({ length: layout.DURABLE_COPIES }, (_, copy) => buffers.durableHeader(copy));

const turningHeaders = (buffers: ValueBuffers) =>
  Array.from({ length: buffers.geometry.buffers }, (_, index) => buffers.headerOf(index));

function newestWhole(buffers: ValueBuffers, candidates: readonly number[]): number {
  let newest = -1;
  for (const header of candidates) {
    if (buffers.versionAt(header) === 0 || !buffers.isWhole(header)) continue;
    if (newest < 0 || buffers.versionAt(header) > buffers.versionAt(newest)) newest = header;
  }
  return newest;
}

function isCurrentWhole(buffers: ValueBuffers, current: number): boolean {
  const header = buffers.headerOf(current);
  if (buffers.sequenceAt(header) !== current) return false;
  return buffers.versionAt(header) === 0 || buffers.isWhole(header);
}

/** The newest of all values that are whole, published or not, or -1. */
export function findNewest(buffers: ValueBuffers): number {
  return newestWhole(buffers, [...turningHeaders(buffers), ...durableHeaders(buffers)]);
}

/**
 * Judges the current value of an object with checksums. Undefined: it is whole, and no durable copy is newer. A writer
 * at work moves `current` on, and that proves it sound: after power loss nobody was at work.
 */
export function findSalvage(buffers: ValueBuffers): Salvage | undefined {
  if (!buffers.geometry.checksum) return undefined;
  const distrusted = buffers.current;
  const durable = newestWhole(buffers, durableHeaders(buffers));
  const isNewest = durable < 0 || buffers.versionAt(durable) <= buffers.versionAt(buffers.headerOf(distrusted));
  if (isNewest && isCurrentWhole(buffers, distrusted)) return undefined;
  const header = findNewest(buffers);
  const [sequence, epoch] = header < 0 ? [0, 0] : [buffers.sequenceAt(header), buffers.epochAt(header)];
  return buffers.current === distrusted ? { distrusted, header, sequence, epoch } : undefined;
}
