// Segment: the file of a named object: header, participants, object; checked before anything in it is used.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { withArticle } from "../sys/validate.ts";
import { endWithEnvironment } from "./ending.ts";
import * as layout from "./layout.ts";
import { forgetLeak, reportLeak } from "./leak.ts";
import type { MemoryRegion } from "./memory_region.ts";
import { Participants } from "./participants.ts";
import { SharedMemory } from "./shared_memory.ts";
import type { SharedMemoryCreateOptions, SharedMemoryOpenOptions } from "./shared_memory_options.ts";

/** What lives in a segment, as its header says. */
export interface SegmentKind {
  /** Four letters. */
  readonly letters: string;
  /** Version of the object's own layout. */
  readonly version: number;
  /** For messages: "ring". */
  readonly noun: string;
  /** Whether whoever may only read it can open it, too, by the option `readOnly`. */
  readonly offersReadOnly?: boolean;
}

/** A named object's memory and the table of its participants. */
export interface Segment {
  readonly memory: MemoryRegion;
  readonly participants: Participants;
}

function kindNumber({ letters }: SegmentKind): number {
  return [...letters].reduce((sum, letter, index) => sum + letter.charCodeAt(0) * 2 ** (8 * index), 0);
}

function writeHeader(buffer: ArrayBuffer, kind: SegmentKind): void {
  const header = new DataView(buffer);
  header.setUint32(layout.MAGIC_OFFSET, layout.SEGMENT_MAGIC, true);
  header.setUint32(layout.VERSION_OFFSET, layout.SEGMENT_VERSION, true);
  header.setUint32(layout.KIND_OFFSET, kindNumber(kind), true);
  header.setUint32(layout.OBJECT_VERSION_OFFSET, kind.version, true);
  header.setFloat64(layout.SIZE_OFFSET, buffer.byteLength, true);
  header.setFloat64(layout.CREATED_OFFSET, Date.now(), true);
}

/** Why the memory is not a segment of this kind, or undefined where it is one. */
function flaw(memory: SharedMemory, kind: SegmentKind): string | undefined {
  if (memory.size < layout.OBJECT_OFFSET) return `${memory.size} bytes are too few for ${withArticle(kind.noun)}`;
  const header = new DataView(memory.buffer);
  if (header.getUint32(layout.MAGIC_OFFSET, true) !== layout.SEGMENT_MAGIC) return "it was not made by linux-ipc";
  const version = header.getUint32(layout.VERSION_OFFSET, true);
  if (version !== layout.SEGMENT_VERSION)
    return `its layout is version ${version}, this one reads ${layout.SEGMENT_VERSION}`;
  if (header.getUint32(layout.KIND_OFFSET, true) !== kindNumber(kind)) return `it is not ${withArticle(kind.noun)}`;
  const objectVersion = header.getUint32(layout.OBJECT_VERSION_OFFSET, true);
  if (objectVersion !== kind.version)
    return `it is ${withArticle(kind.noun)} of version ${objectVersion}, this one reads ${kind.version}`;
  const size = header.getFloat64(layout.SIZE_OFFSET, true);
  if (size !== memory.size) return `it says ${size} bytes and has ${memory.size}`;
  return undefined;
}

/** What a program must be told is not that the memory leaks. */
function reportLeakOf({ noun }: SegmentKind, memory: SharedMemory): void {
  forgetLeak(memory);
  const what = `${noun[0].toUpperCase()}${noun.slice(1)} ${memory.name}`;
  reportLeak(memory, what, "what it holds stays held until this process ends, and its memory mapped");
}

function assemble(kind: SegmentKind, memory: SharedMemory): Segment {
  reportLeakOf(kind, memory);
  endWithEnvironment(memory);
  return { memory, participants: Participants.over(memory, layout.PARTICIPANTS_OFFSET) };
}

/** Creates the file with room for `objectSize` bytes, filled by `fill` before anybody can open it. */
export function createSegment(
  name: string,
  kind: SegmentKind,
  objectSize: number,
  { mode, unlinkOnClose }: Omit<SharedMemoryCreateOptions, "size">,
  fill: (buffer: ArrayBuffer, objectOffset: number) => void,
): Segment {
  const pages = Math.ceil((layout.OBJECT_OFFSET + objectSize) / layout.PAGE_SIZE);
  const size = pages * layout.PAGE_SIZE;
  const write = (buffer: ArrayBuffer) => {
    writeHeader(buffer, kind);
    fill(buffer, layout.OBJECT_OFFSET);
  };
  return assemble(kind, SharedMemory.createFilled(name, { size, mode, unlinkOnClose }, write, kind));
}

/** Opens a segment of this kind. Throws EINVAL where the file is something else. */
export function openSegment(name: string, kind: SegmentKind, options: SharedMemoryOpenOptions): Segment {
  const memory = SharedMemory.openAs(kind, name, options);
  const reason = flaw(memory, kind);
  if (reason === undefined) return assemble(kind, memory);
  memory.close();
  throw new IpcError(errno.EINVAL, { syscall: "mmap", doing: `open ${kind.noun} ${name}`, path: name, hint: reason });
}
