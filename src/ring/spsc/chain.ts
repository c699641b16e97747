// The chain of committed messages: what a mark may say, and where the chain ends.

import { loadOrdered } from "../../sys/ordering.ts";
import * as layout from "./layout.ts";
import { corrupted, type RingBytes } from "./side.ts";

/** SYNC message: the length that the mark at this position tells, or -1 where nothing is committed. */
export function lengthAt(bytes: RingBytes, i32: Int32Array, position: number): number {
  const { base, geometry } = bytes;
  const start = base + layout.MESSAGES + (position & (geometry.capacity - 1));
  const length = loadOrdered(i32, start >> 2) - 1;
  if (length >= -1 && length <= geometry.maxMessageSize && (position & 7) === 0) return length;
  throw corrupted(bytes, `a message claims ${length} bytes`);
}

/** The position behind the last committed message, from the consumer's on: where a new producer goes on. */
export function endOfMessages(bytes: RingBytes, i32: Int32Array, tail: number): number {
  const most = bytes.geometry.capacity - layout.MESSAGE_HEADER;
  let position = tail;
  for (;;) {
    const length = lengthAt(bytes, i32, position);
    if (length < 0) return position;
    position = (position + layout.recordSize(length)) | 0;
    if (((position - tail) | 0) > most) throw corrupted(bytes, "its messages are more than it can hold");
  }
}
