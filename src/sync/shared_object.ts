// SharedObject: what all locks and events have in common: how they are made, opened, laid over a memory, and closed.

import { demandAgreement, type Traits } from "../memory/agreement.ts";
import { lostPagesHint, type MemoryRegion } from "../memory/memory_region.ts";
import {
  attach,
  closePlacement,
  createPlacement,
  detach,
  type ObjectCreateOptions,
  type ObjectOpenOptions,
  type ObjectOverOptions,
  openOrCreatePlacement,
  openPlacement,
  type Placement,
  placementOver,
} from "../memory/placement.ts";
import type { SegmentKind } from "../memory/segment.ts";
import { SharedMemory } from "../memory/shared_memory.ts";
import { boot } from "../sys/boot.ts";
import { errno } from "../sys/errno.ts";
import { CLOSED_HERE, IpcError } from "../sys/error.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import { checkOptions, demandOptions, refuseNew, withArticle } from "../sys/validate.ts";
import { type AwaitOptions, checkNotAborted, deadlineOf, type WaitOptions } from "../wait/deadline.ts";
import { LoopTurns } from "../wait/loop_turns.ts";
import { Waiter, type WaiterParts } from "../wait/waiter.ts";
import { LOCK_EVENTCOUNT } from "./layout.ts";
import type { LockWord } from "./lock_word.ts";

/** What a class of objects says of its bytes. `Options` are its own, beside mode and unlinkOnClose. */
export interface ObjectKind<Options> extends SegmentKind {
  readonly optionNames: readonly string[];
  /** Bytes of an object; checks the options. */
  size(options: Options): number;
  /** What the bytes of an object say that its options do not change any more: who asks for something else is refused. */
  traits?(view: DataView): Partial<Options>;
  /** Writes the first bytes into zeros, or the amounts into an object that is there. */
  fill?(options: Options, buffer: ArrayBuffer, base: number): void;
}

/** What closes with its memory. */
interface Closable {
  close(): void;
}

/** A class of objects. */
export interface ObjectClass<Instance, Options> {
  readonly kind: ObjectKind<Options>;
  new (placement: Placement): Instance;
}

/**
 * The object at the placement, which closes with its memory. Where it cannot be made, the placement is closed, and who has
 * made an `exclusive` name takes that back, unless somebody was fast and uses it.
 */
function lay<T extends Closable, O>(
  Kind: ObjectClass<T, O>,
  placement: Placement,
  { isExclusive = false, asked }: { isExclusive?: boolean; asked?: O } = {},
): T {
  try {
    checkRoom(Kind.kind, placement);
    if (asked !== undefined) demandTraits(Kind.kind, placement, asked);
    const object = new Kind(placement);
    attach(placement, object);
    return object;
  } catch (error) {
    if (isExclusive && !placement.participants.hasLivingOf(boot())) placement.memory.unlinkOnClose?.();
    closePlacement(placement);
    throw error;
  }
}

/** The header of a segment tells its size, which need not be that of such an object. */
function checkRoom<O>({ size, noun }: ObjectKind<O>, { memory, base, name }: Placement): void {
  if (memory.size - base >= size({} as O)) return;
  const hint = `${memory.size} bytes are too few for ${withArticle(noun)}`;
  throw new IpcError(errno.EINVAL, { syscall: "mmap", doing: `open ${noun} ${name}`, path: name, hint });
}

/** EINVAL where the object is not as it was asked for; its traits. What an option does not name is taken as it is. */
function demandTraits<O>({ noun, traits }: ObjectKind<O>, { memory, base, name }: Placement, options: O): Partial<O> {
  const found: Partial<O> = traits?.(new DataView(memory.buffer, base)) ?? {};
  const asked = Object.keys(found).map((trait) => [trait, options[trait as keyof O]]);
  demandAgreement(noun, name, found as Traits, Object.fromEntries(asked));
  return found;
}

/** For `over`: zeros become what the options say; of an object that is there, the amounts that they name. */
function fillAsAsked<O>(kind: ObjectKind<O>, placement: Placement, options: O): void {
  const { buffer } = placement.memory;
  const named = kind.optionNames.filter((name) => options[name as keyof O] !== undefined);
  if (named.length === 0) return;
  const isFresh = new Uint8Array(buffer, placement.base, kind.size(options)).every((byte) => byte === 0);
  const found = isFresh ? {} : demandTraits(kind, placement, options);
  if (named.some((name) => !(name in found))) kind.fill?.({ ...options, ...found }, buffer, placement.base);
}

/** Where the parts of a waiter differ from the usual: all sleep on one eventcount at the start of the object. */
export type WaiterChoice = Partial<Pick<WaiterParts, "prepare" | "peer" | "allPeers">> & { offset?: number };

/** The common part of Mutex, RwLock, Semaphore, Condition, Event, Barrier and Once. */
export abstract class SharedObject {
  protected readonly placement: Placement;
  protected isOpen = true;
  private readonly noun: string;
  private readonly waiters: Waiter[] = [];
  private readonly turns = new LoopTurns();

  /** Use `create`, `open`, `openOrCreate` or `over` of the class. */
  constructor(placement: Placement, noun: string) {
    if (placement?.participants === undefined) refuseNew(new.target);
    this.placement = placement;
    this.noun = noun;
  }

  /**
   * Makes a new object.
   *
   * @throws {IpcError} EEXIST the name is taken; ENOSPC `/dev/shm` is full; EACCES; EUSERS 128 participants are attached
   * @throws {RangeError} a bad name, mode or amount
   */
  static create<T extends Closable, O>(
    this: ObjectClass<T, O>,
    name: string,
    options: O & ObjectCreateOptions = {} as O & ObjectCreateOptions,
  ): T {
    const { kind } = this;
    checkOptions(options, ["mode", "unlinkOnClose", ...kind.optionNames], `create of ${withArticle(kind.noun)}`);
    const fill = (buffer: ArrayBuffer, base: number) => kind.fill?.(options, buffer, base);
    return lay(this, createPlacement(name, kind, kind.size(options), options, fill), { isExclusive: true });
  }

  /**
   * Opens an object that exists.
   *
   * @throws {IpcError} ENOENT no such name; EINVAL it is something else, or too short; EUSERS as `create`
   */
  static open<T extends Closable, O>(this: ObjectClass<T, O>, name: string, options: ObjectOpenOptions = {}): T {
    return lay(this, openPlacement(name, this.kind, options));
  }

  /**
   * Opens the object, or creates it; `created` tells which. One that exists keeps its amounts (the `value` of a semaphore).
   *
   * @throws {IpcError} EINVAL as `open`, or what an option names is another one there: `owned`, `autoReset`,
   * `preferReaders`, `parties`; EUSERS as `create`
   */
  static openOrCreate<T extends Closable, O>(
    this: ObjectClass<T, O>,
    name: string,
    options: O & ObjectCreateOptions = {} as O & ObjectCreateOptions,
  ): T {
    const { kind } = this;
    checkOptions(options, ["mode", "unlinkOnClose", ...kind.optionNames], `openOrCreate of ${withArticle(kind.noun)}`);
    const fill = (buffer: ArrayBuffer, base: number) => kind.fill?.(options, buffer, base);
    const placement = openOrCreatePlacement(name, kind, kind.size(options), options, fill);
    const object = lay(this, placement, { asked: options });
    if (options.unlinkOnClose) placement.memory.unlinkOnClose?.(); // not before: others need the name if it failed here
    return object;
  }

  /** Removes the name; those who have the object open keep it. False when there was none. */
  static unlink(name: string): boolean {
    return SharedMemory.unlink(name);
  }

  /** Bytes that `over` needs in a memory. */
  static byteSize<T, O>(this: ObjectClass<T, O>, options: O = {} as O): number {
    const { kind } = this;
    checkOptions(options as object, kind.optionNames, `byteSize of ${withArticle(kind.noun)}`);
    return kind.size(options);
  }

  /**
   * The object at `byteOffset` (a multiple of 128) of a memory; zeros are a fresh one, and become what the options say.
   * Where amounts are given (the `value` of a semaphore) they are written, also into one that is there: one process does
   * that, before the others use it. Closing the object leaves the memory open.
   *
   * @throws {IpcError} EINVAL there is one, and what an option names is another one there, as in `openOrCreate`
   * @throws {RangeError} `byteOffset` is not a multiple of 128, it does not fit, or would lie over another open object
   */
  static over<T extends Closable, O>(
    this: ObjectClass<T, O>,
    memory: MemoryRegion,
    byteOffset: number,
    options: O & ObjectOverOptions,
  ): T {
    const { kind } = this;
    demandOptions(options, ["participants", ...kind.optionNames], `over of ${withArticle(kind.noun)}`);
    const placement = placementOver(memory, byteOffset, options, kind.size(options), kind.noun);
    fillAsAsked(kind, placement, options);
    return lay(this, placement);
  }

  /** Whether this call made the object. */
  get created(): boolean {
    return this.placement.created;
  }

  /** A waiter on one word of the object, closed with it. */
  protected makeWaiter(choice: WaiterChoice = {}): Waiter {
    const { memory, participants, base } = this.placement;
    const own = base + (choice.offset ?? 0);
    const { prepare, allPeers, peer = () => allPeers?.()?.[0] ?? 0 } = choice;
    const waiter = new Waiter({ memory, participants, own, peers: own, prepare, peer, allPeers, spinMs: undefined });
    this.waiters.push(waiter);
    return waiter;
  }

  /** A waiter for a lock, which lies at the start of the object. */
  protected makeLockWaiter(word: LockWord): Waiter {
    return this.makeWaiter({ offset: LOCK_EVENTCOUNT, prepare: () => word.announce(), peer: () => word.announced });
  }

  /** The error of a call on this object; `number` as in errno(3). */
  protected error(number: number, verb: string, hint?: string): IpcError {
    const { name } = this.placement;
    return new IpcError(number, { syscall: verb, doing: `${verb} ${this.noun} ${name}`, path: name, hint });
  }

  /** As `error`, of a call that does not find what it has written: EBADMSG where somebody has cut the file. */
  protected refusal(number: number, verb: string, hint: string): IpcError {
    const lost = lostPagesHint(this.placement.memory.lostPages);
    return lost === undefined ? this.error(number, verb, hint) : this.error(errno.EBADMSG, verb, lost);
  }

  protected checkOpen(verb: string): void {
    if (!this.isOpen) throw this.error(errno.EBADF, verb, CLOSED_HERE);
  }

  /** The blocking form of any `attempt`, which answers undefined for "not yet". */
  protected blocking<T>(
    waiter: Waiter,
    what: string,
    attempt: () => T | undefined,
    options: WaitOptions | undefined,
  ): T | undefined {
    const deadline = deadlineOf(options, what);
    return attempt() ?? waiter.waitSync(attempt, deadline);
  }

  /** The awaiting form of any `attempt`. */
  protected awaiting<T>(
    waiter: Waiter,
    what: string,
    attempt: () => T | undefined,
    options: AwaitOptions | undefined,
  ): Promise<T | undefined> {
    try {
      checkNotAborted(options, what);
      const turn = this.turns.due();
      if (turn !== undefined) return turn.then(() => this.awaiting(waiter, what, attempt, options));
      const result = waiter.isAwaited ? undefined : attempt();
      return result === undefined ? waiter.wait(attempt, options) : Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Pending waits keep the process alive (the default). Counts from the next wait on. */
  ref(): this {
    for (const waiter of this.waiters) waiter.isRef = true;
    return this;
  }

  /** Pending waits do not keep the process alive. Counts from the next wait on. */
  unref(): this {
    for (const waiter of this.waiters) waiter.isRef = false;
    return this;
  }

  /** Gives back what is held here, as the death of this participant would: where it lives on, for others' objects. */
  protected abandon(): void {}

  /** Closes it here: waits reject with EBADF, calls throw it. What is held here passes on as from the dead. Twice is fine. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const waiter of this.waiters) waiter.close(this.error(errno.EBADF, "wait for", CLOSED_HERE));
    detach(this.placement, this);
    const { memory, participants, ownsMemory } = this.placement;
    if (!ownsMemory && memory.size > 0 && participants.owner !== 0) this.abandon();
    closePlacement(this.placement);
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ name: this.placement.name, closed: !this.isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
