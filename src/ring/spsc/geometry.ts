// The geometry of a ring: how large it is, checked when it is made and again when it is opened.

import { demandAgreement } from "../../memory/agreement.ts";
import { checkRoom, type Placement } from "../../memory/placement.ts";
import { errno } from "../../sys/errno.ts";
import { IpcError } from "../../sys/error.ts";
import { checkInteger } from "../../sys/validate.ts";
import { type HeaderKind, mustFind, readHeader, refuseHeader } from "../header.ts";
import * as layout from "./layout.ts";

export interface RingGeometry {
  /** Bytes of message space, a power of two. */
  readonly capacity: number;
  /** Bytes of the largest message. */
  readonly maxMessageSize: number;
}

/** Checks what a user asks for. */
export function geometryOf(options: { capacity: number; maxMessageSize?: number }): RingGeometry {
  const capacity = checkInteger(options?.capacity, "capacity", layout.CAPACITY_LEAST, layout.CAPACITY_MOST);
  if ((capacity & (capacity - 1)) !== 0) throw new RangeError(`capacity must be a power of two, not ${capacity}`);
  const most = layout.maxMessageSizeMost(capacity);
  const maxMessageSize = checkInteger(options.maxMessageSize ?? capacity / 2, "maxMessageSize", 1, most);
  return { capacity, maxMessageSize };
}

export function writeGeometry(buffer: ArrayBuffer, offset: number, geometry: RingGeometry): void {
  const view = new DataView(buffer, offset);
  view.setUint32(layout.VERSION, layout.RING_VERSION, true);
  view.setUint32(layout.CAPACITY, geometry.capacity, true);
  view.setUint32(layout.MAX_MESSAGE_SIZE, geometry.maxMessageSize, true);
  Atomics.store(new Int32Array(buffer, offset, 1), layout.MAGIC / 4, layout.RING_MAGIC); // SYNC laid
}

const HEADER: HeaderKind = {
  noun: "ring",
  magic: layout.RING_MAGIC,
  version: layout.RING_VERSION,
  leastBytes: layout.MESSAGES,
};

/** The geometry that the shared bytes claim, or undefined where no ring has been laid yet. */
export function readGeometry(buffer: ArrayBuffer, offset: number, name: string): RingGeometry | undefined {
  const view = readHeader(buffer, offset, HEADER, name);
  if (view === undefined) return undefined;
  const capacity = view.getUint32(layout.CAPACITY, true);
  const maxMessageSize = view.getUint32(layout.MAX_MESSAGE_SIZE, true);
  const isPower =
    capacity >= layout.CAPACITY_LEAST && capacity <= layout.CAPACITY_MOST && (capacity & (capacity - 1)) === 0;
  if (!isPower || maxMessageSize < 1 || maxMessageSize > layout.maxMessageSizeMost(capacity))
    refuseHeader(HEADER, name, "its sizes make no sense");
  if (offset + layout.ringSize(capacity, maxMessageSize) > buffer.byteLength)
    refuseHeader(HEADER, name, "it claims more bytes than there are");
  return { capacity, maxMessageSize };
}

/** As readGeometry, where one must be. */
export function findGeometry(buffer: ArrayBuffer, offset: number, name: string): RingGeometry {
  return mustFind(readGeometry(buffer, offset, name), HEADER, name);
}

/** What is asked of a ring that may be there already. */
interface RingWish {
  readonly capacity?: number;
  readonly maxMessageSize?: number;
}

/** The hot paths compute with 32-bit offsets. */
const END_MOST = 2 ** 31;

function checkEnd(placement: Placement, { capacity, maxMessageSize }: RingGeometry): void {
  const bytes = layout.ringSize(capacity, maxMessageSize);
  checkRoom(placement, bytes, "ring");
  const ring = `a ring of ${bytes} bytes at byte ${placement.base}`;
  if (placement.base + bytes > END_MOST)
    throw new RangeError(`${ring} ends behind the first 2 GiB of its memory: lay it over a window of that`);
}

/** Checks what `over` is given, before anything is looked at. */
function checkWish({ capacity, maxMessageSize }: RingWish): RingGeometry | undefined {
  if (capacity !== undefined) return geometryOf({ capacity, maxMessageSize });
  const most = layout.maxMessageSizeMost(layout.CAPACITY_MOST);
  if (maxMessageSize !== undefined) checkInteger(maxMessageSize, "maxMessageSize", 1, most);
  return undefined;
}

/** What is there must be what was asked for; what was not asked for is taken as it is. */
export function checkAgreement(found: RingGeometry, { capacity, maxMessageSize }: RingWish, name: string): void {
  demandAgreement(HEADER.noun, name, { ...found }, { capacity, maxMessageSize });
}

/** The ring at that offset, or a new one. With the layout lock held. */
export function layOrFind(placement: Placement, wish: RingWish): { geometry: RingGeometry; created: boolean } {
  const { memory, base, name } = placement;
  const wanted = checkWish(wish);
  const found = readGeometry(memory.buffer, base, name);
  if (found !== undefined) {
    checkAgreement(found, wish, name);
    checkEnd(placement, found);
    return { geometry: found, created: false };
  }
  if (wanted === undefined) {
    const hint = "there is none, and no capacity was given";
    throw new IpcError(errno.EINVAL, { syscall: "mmap", doing: `lay a ring at ${name}`, path: name, hint });
  }
  checkEnd(placement, wanted);
  writeGeometry(memory.buffer, base, wanted);
  return { geometry: wanted, created: true };
}
