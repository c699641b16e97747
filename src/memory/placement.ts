// Placement: where an object of fixed size lies: in a segment of its own, or over part of a memory.

import { checkOptions, describeStranger, withArticle } from "../sys/validate.ts";
import { openOrCreate } from "./file.ts";
import { LaidRange } from "./laid_range.ts";
import { OBJECT_OFFSET } from "./layout.ts";
import { checkPlace, type MemoryRegion } from "./memory_region.ts";
import { Participants } from "./participants.ts";
import { createSegment, openSegment, type Segment, type SegmentKind } from "./segment.ts";

/** How an object is made by name. */
export interface ObjectCreateOptions {
  /** Permission bits, 0o600 unless said. */
  mode?: number | undefined;
  /** close() also removes the name; where this user may not (`unlink` is EPERM), it stays. */
  unlinkOnClose?: boolean | undefined;
}

/** How an object is opened by name. */
export interface ObjectOpenOptions {
  /** How long to wait for a creator that has not set the size yet; 1000 unless said. */
  timeoutMs?: number | undefined;
}

/** How an object is laid over part of a memory. */
export interface ObjectOverOptions {
  /** Who is attached; lies in the same memory. */
  participants: Participants;
}

/** An object's bytes, and who is attached to them. */
export interface Placement extends Segment {
  /** Where the object starts in the memory. */
  readonly base: number;
  /** For messages. */
  readonly name: string;
  /** Whether this call made the object. */
  readonly created: boolean;
  /** Whether the memory goes when the object closes. */
  readonly ownsMemory: boolean;
  /** Which bytes it takes of a memory that it shares with others. */
  readonly range?: LaidRange;
}

function fresh(segment: Segment, name: string, created: boolean): Placement {
  return { ...segment, base: OBJECT_OFFSET, name, created, ownsMemory: true };
}

/** A new segment; its object is zeros, or what `fill` writes before anybody can open it. */
export function createPlacement(
  name: string,
  kind: SegmentKind,
  size: number,
  options: ObjectCreateOptions,
  fill: (buffer: ArrayBuffer, base: number) => void = () => {},
): Placement {
  return fresh(createSegment(name, kind, size, options, fill), name, true);
}

/** `readOnly`: for those who only look, where the object serves them. */
export function openPlacement(
  name: string,
  kind: SegmentKind,
  options: ObjectOpenOptions = {},
  readOnly = false,
): Placement {
  checkOptions(options, ["timeoutMs"], `open of ${withArticle(kind.noun)}`);
  return fresh(openSegment(name, kind, { timeoutMs: options.timeoutMs, readOnly }), name, false);
}

/** Not yet `unlinkOnClose`, which is for whoever has made its object: the others need the name if that fails. */
export function openOrCreatePlacement(
  name: string,
  kind: SegmentKind,
  size: number,
  options: ObjectCreateOptions,
  fill?: (buffer: ArrayBuffer, base: number) => void,
): Placement {
  return openOrCreate(
    options,
    () => openPlacement(name, kind),
    () => createPlacement(name, kind, size, { mode: options.mode }, fill),
  );
}

/** As placementOver, also for those who only look. */
export function placementIn(
  memory: MemoryRegion,
  byteOffset: number,
  options: ObjectOverOptions,
  size: number,
  noun: string,
): Placement {
  checkPlace(memory, byteOffset, size, noun);
  const { participants } = options ?? {};
  if (!(participants instanceof Participants)) {
    const given = describeStranger(participants, Participants);
    throw new TypeError(
      `${withArticle(noun)} over a memory needs { participants }: Participants.over(memory, ...), not ${given}`,
    );
  }
  participants.checkNeighbour(memory.buffer, byteOffset, size, noun);
  const name = `${memory.name ?? "anonymous memory"}+${byteOffset}`;
  const range = new LaidRange(memory, noun, byteOffset);
  range.check(size);
  return { memory, participants, base: byteOffset, name, created: false, ownsMemory: false, range };
}

/**
 * The first `size` bytes of an object in a memory, at a multiple of 128; zeros are a new one. `checkRoom` is for the rest.
 * Closing the object leaves the memory open.
 */
export function placementOver(
  memory: MemoryRegion,
  byteOffset: number,
  options: ObjectOverOptions,
  size: number,
  noun: string,
): Placement {
  const placement = placementIn(memory, byteOffset, options, size, noun);
  if (memory.readOnly)
    throw new TypeError(`${withArticle(noun)} cannot lie over read-only memory: nobody else would see it`);
  return placement;
}

/** Whether all of an object has room where it was placed, once its size is known. */
export function checkRoom({ memory, participants, base, name, range }: Placement, size: number, noun: string): void {
  if (base + size > memory.size)
    throw new RangeError(`${withArticle(noun)} of ${size} bytes at ${name} does not fit into ${memory.size} bytes`);
  participants.checkNeighbour(memory.buffer, base, size, noun);
  range?.check(size);
}

/** What an object holds of its memory while it is open. */
type Attachment = Pick<Placement, "participants" | "range">;

/** An object has been laid: it closes before its memory goes. Until then no other one is laid over its bytes. */
export function attach({ participants, range }: Attachment, object: { close(): void }): void {
  participants.beforeClose(object, () => object.close());
  range?.claim();
}

/** The object is closing. */
export function detach({ participants, range }: Attachment, object: object): void {
  participants.afterClose(object);
  range?.release();
}

/** What an object's close() does with its memory. */
export function closePlacement({ memory, participants, ownsMemory }: Placement): void {
  if (!ownsMemory) return;
  participants.close();
  memory.close();
}
