// What the two sides of a ring share: the views of its bytes and the end of life of the other side.

import { lostPagesHint } from "../../memory/memory_region.ts";
import { errno } from "../../sys/errno.ts";
import { type Attempt, CLOSED_HERE, IpcError } from "../../sys/error.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../../sys/inspect.ts";
import { describe, refuseNew } from "../../sys/validate.ts";
import type { AwaitOptions } from "../../wait/deadline.ts";
import { MappedCopy } from "../mapped_copy.ts";
import { PeerEnd } from "../peer_end.ts";
import type { RingWaiter } from "../ring_waiter.ts";
import type { Role } from "../role.ts";
import type { RingGeometry } from "./geometry.ts";
import * as layout from "./layout.ts";
import { Rests } from "./rests.ts";
import { Turns } from "./turns.ts";

/** One in 64 vain looks asks whether pages were lost: a call, where a look is a load. */
const LOOKS_MASK = 63;

/** The bytes of a ring. */
export interface RingBytes {
  readonly buffer: ArrayBuffer;
  /** Where the ring starts in the buffer. */
  readonly base: number;
  readonly geometry: RingGeometry;
  /** For messages. */
  readonly name: string;
  /** Publish by Atomics.store instead of plain stores: everywhere but on x86-64 (DESIGN.md, ordering). */
  readonly isAtomic: boolean;
  /** Pages of the memory that were taken away under us. */
  lostPages(): number;
}

/** What a ring gives to a side it makes. */
export interface SideParts {
  readonly bytes: RingBytes;
  readonly own: Role;
  readonly peer: Role;
  /** Makes the waiter; `peer` says whom it should watch. */
  makeWaiter(peer: () => number): RingWaiter;
  /** Has this side's own waits look again. */
  renew(): void;
  /** Runs when the side is closed. */
  onClose(): void;
}

/** What producer and consumer have in common: the bytes, the roles, the waiter, and whether they keep the process alive. */
export abstract class RingSide {
  // Here and in both sides fields are `protected` or `private`, not #private, and numbers from the start: at each use of a
  // #private JavaScriptCore asks whose it is, and V8 does not know the kind of a field that was undefined at first (D34).

  /** All of the mapping as bytes, for use at the offsets that the ring gives. */
  readonly u8: Uint8Array;
  /** All of the mapping as 32-bit integers: index = offset / 4. */
  readonly i32: Int32Array;
  /** All of the mapping as doubles: index = offset / 8. */
  readonly f64: Float64Array;
  /** All of the mapping as a DataView. */
  readonly view: DataView;
  protected readonly copy: MappedCopy;
  protected readonly bytes: RingBytes;
  protected readonly own: Role;
  protected readonly peer: PeerEnd;
  protected readonly waiter: RingWaiter;
  protected readonly renew: () => void;
  private readonly turns: Turns;
  private readonly pendingTurn = () => this.turns.pending;
  protected readonly onClose: () => void;
  protected isOpen = true;
  protected isAtomic = false;
  /** Where messages begin, in bytes, and what of a position is the place of its message there. */
  protected dataOffset = 0;
  protected mask = 0;
  /** Index of the consumer's position, and of the eventcount on which the other side sleeps. */
  protected tailIndex = 0;
  protected waitIndex = 0;
  private vainLooks = 0;
  private readonly rests: Rests;

  /** `peersWait`: offset of the eventcount on which the other side sleeps. */
  constructor(parts: SideParts, peersWait: number) {
    if (parts?.bytes === undefined) refuseNew(new.target, "producer() or consumer() of an SpscRing");
    const { bytes, own, peer, makeWaiter, renew, onClose } = parts;
    const { buffer, base, geometry } = bytes;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
    this.f64 = new Float64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
    this.view = new DataView(buffer);
    this.copy = new MappedCopy(this.u8);
    this.bytes = bytes;
    this.own = own;
    this.peer = new PeerEnd(peer);
    this.waiter = makeWaiter(() => this.peer.watched);
    this.renew = renew;
    this.turns = new Turns(renew);
    this.onClose = onClose;
    this.isAtomic = bytes.isAtomic;
    this.dataOffset = base + layout.MESSAGES;
    this.mask = geometry.capacity - 1;
    this.rests = new Rests(geometry.capacity);
    this.tailIndex = (base + layout.TAIL) / 4;
    this.waitIndex = (base + peersWait) / 4;
  }

  /** After a vain look from `position`. */
  protected haveLooked(position: number): void {
    this.vainLooks = (this.vainLooks + 1) & LOOKS_MASK;
    if (this.vainLooks === 1) this.demandPages();
    this.waiter.pause(this.rests.after(position));
  }

  /** The answer of an awaiting call that needed no wait. */
  protected answer<T>(value: T): Promise<T> {
    return this.turns.answer(value);
  }

  /** Awaits `attempt`. */
  protected wait<T>(attempt: () => T | undefined, options: AwaitOptions | undefined): Promise<T | undefined> {
    this.turns.beforeWait();
    const inTurn = () => (this.turns.refuses() ? undefined : attempt());
    const wait = this.waiter.wait(inTurn, options, this.pendingTurn);
    if (this.waiter.isAwaited) this.turns.comesAnyway();
    return wait;
  }

  /** Lost pages look like an empty ring to the one side, and like a full one to the other, for ever. */
  private demandPages(): void {
    const error = lostError(this.bytes);
    if (error !== undefined) throw error;
  }

  /** Pending waits keep the process alive (the default). Counts from the next wait on. */
  ref(): this {
    this.waiter.isRef = true;
    return this;
  }

  /** Pending waits do not keep the process alive. Counts from the next wait on. */
  unref(): this {
    this.waiter.isRef = false;
    return this;
  }

  /** Gives the role back. */
  abstract close(): void;

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ name: this.bytes.name, capacity: this.mask + 1, closed: !this.isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The shared bytes say something that no correct peer would have written. */
export function corrupted(bytes: RingBytes, what: string): IpcError {
  const hint = lostPagesHint(bytes.lostPages()) ?? what;
  return new IpcError(errno.EBADMSG, { syscall: "mmap", doing: `use ring ${bytes.name}`, path: bytes.name, hint });
}

/** The error of waiting on a ring that lost its pages: nobody could ever end that wait. */
export function lostError(bytes: RingBytes): IpcError | undefined {
  return bytes.lostPages() > 0 ? corrupted(bytes, "") : undefined;
}

/** What a side was doing to its ring, for an error. */
export function attemptOn(bytes: RingBytes, doing: string): Attempt {
  return { syscall: doing, doing: `${doing} on ring ${bytes.name}`, path: bytes.name };
}

export function closedHere(bytes: RingBytes, doing: string): IpcError {
  return new IpcError(errno.EBADF, { ...attemptOn(bytes, doing), hint: CLOSED_HERE });
}

/** Whoever fills a batch must not send by other means: the two would overwrite each other. */
export function fillingHere(bytes: RingBytes): IpcError {
  const hint = "the callback of fill or fillAt may only write into its room";
  return new IpcError(errno.EBUSY, { ...attemptOn(bytes, "send"), hint });
}

/** Refuses what cannot be the size of a message. */
export function checkSize({ name, geometry }: RingBytes, size: number): void {
  if (Number.isInteger(size) && size >= 0 && size <= geometry.maxMessageSize) return;
  if (typeof size !== "number") throw new TypeError(`the size of a message must be a number, not ${describe(size)}`);
  const limit = "its maxMessageSize, half of the capacity unless said";
  throw new RangeError(`a message of ring ${name} has 0 to ${geometry.maxMessageSize} bytes (${limit}), not ${size}`);
}

/** More is committed than was claimed. */
export function refuseCommit(bytes: RingBytes, isOpen: boolean, claimed: number, size: number): never {
  const { name } = bytes;
  if (typeof size !== "number") throw new TypeError(`the size of a message must be a number, not ${describe(size)}`);
  if (!isOpen) throw closedHere(bytes, "commit");
  if (claimed < 0) throw new RangeError(`nothing is claimed on ring ${name}: call claim first`);
  throw new RangeError(`${claimed} bytes are claimed on ring ${name}, not ${size}`);
}
