// Parts of mapped memory, named in bytes by users and given to the kernel in whole pages.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { isUint8Array } from "../sys/realm.ts";
import { checkInteger, checkOptions } from "../sys/validate.ts";

/** Memory that is mapped in this process: `SharedMemory`, `MappedFile` and `AnonymousMemory` are such. */
export interface MappedMemory {
  /** Where it stands in this process. */
  readonly address: number;
  /** Bytes mapped; 0 once closed. */
  readonly size: number;
  /** Bytes of one page of it. */
  readonly pageSize: number;
  /** Whether writes stay private to this process. */
  readonly readOnly: boolean;
  /** All of it. */
  readonly bytes: Uint8Array;
  /** The descriptor of its file; none where it has no file. */
  readonly fd?: number;
}

/** A part of mapped memory. */
export interface ByteRange {
  /** Where it starts, bytes from the mapping's start; 0 unless said. */
  offset?: number | undefined;
  /** How long it is, bytes; to the mapping's end unless said. */
  length?: number | undefined;
}

/** What is done to which memory, for messages: `"advise"`, `"madvise"`. */
export interface RangeAction {
  readonly doing: string;
  readonly syscall: string;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function checkMemory(memory: unknown): asserts memory is MappedMemory {
  const { address, pageSize, bytes } = (memory ?? {}) as Partial<MappedMemory>;
  if (typeof address === "number" && typeof pageSize === "number" && isUint8Array(bytes)) return;
  throw new TypeError("the memory must be a SharedMemory, a MappedFile or an AnonymousMemory");
}

/** The range as offsets within the mapping. Closed memory is EBADF. */
export function spanOf(memory: MappedMemory, range: ByteRange, action: RangeAction): Span {
  checkMemory(memory);
  checkOptions(range, ["offset", "length"], "a range");
  if (memory.size === 0) throw new IpcError(errno.EBADF, { ...action, hint: "the memory is closed" });
  const start = checkInteger(range.offset ?? 0, "offset", 0, memory.size - 1);
  const length = checkInteger(range.length ?? memory.size - start, "length", 1, memory.size - start);
  return { start, end: start + length };
}

/** Consecutive pages of a mapping. */
export interface Pages {
  readonly address: number;
  readonly length: number;
}

/** Every page that the range touches: for what does no harm to neighbours. */
export function touchedPages(memory: MappedMemory, range: ByteRange, action: RangeAction): Pages {
  const { start, end } = spanOf(memory, range, action);
  const first = Math.floor(start / memory.pageSize) * memory.pageSize;
  const last = Math.ceil(end / memory.pageSize) * memory.pageSize;
  return { address: memory.address + first, length: last - first };
}

/** The pages that lie wholly in the range, or in its part up to the mapping's end: for what throws bytes away. */
export function insidePages(memory: MappedMemory, range: ByteRange, action: RangeAction): Pages {
  const { start, end } = spanOf(memory, range, action);
  const round = end === memory.size ? Math.ceil : Math.floor;
  const first = Math.ceil(start / memory.pageSize) * memory.pageSize;
  const last = round(end / memory.pageSize) * memory.pageSize;
  return { address: memory.address + first, length: Math.max(0, last - first) };
}
