// SpscRing: messages from one producer to one consumer, through shared memory.

import { openOrCreate } from "../../memory/file.ts";
import { ALIGNMENT } from "../../memory/layout.ts";
import { withLayoutLock } from "../../memory/layout_lock.ts";
import type { MemoryRegion } from "../../memory/memory_region.ts";
import {
  attach,
  closePlacement,
  createPlacement,
  detach,
  openPlacement,
  type Placement,
  placementOver,
} from "../../memory/placement.ts";
import type { SegmentKind } from "../../memory/segment.ts";
import { SharedMemory } from "../../memory/shared_memory.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../../sys/inspect.ts";
import { checkOptions, demandOptions, describe, refuseNew } from "../../sys/validate.ts";
import { mayPublishPlainly, notifyAll } from "../../wait/eventcount.ts";
import { Peer } from "../../wait/peer.ts";
import { Waiter } from "../../wait/waiter.ts";
import { Role } from "../role.ts";
import { SpscConsumer } from "./consumer.ts";
import { checkAgreement, findGeometry, geometryOf, layOrFind, type RingGeometry, writeGeometry } from "./geometry.ts";
import * as layout from "./layout.ts";
import {
  checkUse,
  type SpscRingCreateOptions,
  type SpscRingOpenOptions,
  type SpscRingOverOptions,
  type SpscRingSize,
  type SpscRingUse,
  USE_OPTIONS,
} from "./options.ts";
import { SpscProducer } from "./producer.ts";
import { CONSUMER, PRODUCER } from "./roles.ts";
import { closedHere, type RingBytes } from "./side.ts";

const KIND: SegmentKind = { letters: "SPSC", version: layout.RING_VERSION, noun: "SPSC ring" };

const CREATE_OPTIONS = ["capacity", "maxMessageSize", "mode", "unlinkOnClose", ...USE_OPTIONS];

interface Parts {
  readonly placement: Placement;
  readonly geometry: RingGeometry;
  readonly created: boolean;
  readonly use: SpscRingUse;
}

/**
 * A ring of byte messages from one producer to one consumer, in any two processes on this machine.
 *
 * Order is kept and nothing is lost: a message that was committed survives the death of its producer, and one that was
 * not acknowledged survives the death of its consumer (`SpscConsumer`). Each side is a role that one live process (or
 * Worker) holds at a time; the kernel proves deaths, and a dead holder's role can be taken at once. Sending and receiving
 * are plain stores and loads; a system call is made only when the other side sleeps. Messages have 0 to `maxMessageSize`
 * bytes. The ring stays by its name until it is unlinked.
 *
 * @example
 * ```ts
 * import { SpscRing } from "@linux-ipc/core";
 * const ring = SpscRing.create("/linux-ipc-example-ring", { capacity: 65536, unlinkOnClose: true });
 * const producer = ring.producer();
 * const consumer = ring.consumer(); // usually in another process: SpscRing.open("/linux-ipc-example-ring").consumer()
 * producer.trySend(new TextEncoder().encode("hello"));
 * console.log(new TextDecoder().decode(await consumer.receive())); // hello
 * ring.close();
 * ```
 */
export class SpscRing {
  readonly #parts: Parts;
  readonly #words: Int32Array;
  readonly #isAtomic: boolean;
  readonly #sides = new Set<SpscProducer | SpscConsumer>();
  #isOpen = true;

  private constructor(parts: Parts) {
    if (parts?.placement === undefined) refuseNew(SpscRing);
    this.#parts = parts;
    const { buffer } = parts.placement.memory;
    this.#words = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
    this.#isAtomic = parts.use.ordering === "atomic" || !mayPublishPlainly();
    attach(parts.placement, this);
  }

  /**
   * Makes a new ring.
   *
   * @throws {IpcError} EEXIST the name is taken; ENOSPC `/dev/shm` is full; EACCES
   * @throws {RangeError} a bad name, capacity or maxMessageSize
   */
  static create(name: string, options: SpscRingCreateOptions): SpscRing {
    demandOptions(options, CREATE_OPTIONS, "SpscRing.create");
    const geometry = geometryOf(options);
    checkUse(options);
    const size = layout.ringSize(geometry.capacity, geometry.maxMessageSize);
    const placement = createPlacement(name, KIND, size, options, (buffer, base) => {
      writeGeometry(buffer, base, geometry);
    });
    return new SpscRing({ placement, geometry, created: true, use: options });
  }

  /**
   * Opens a ring that exists; its geometry is read from it.
   *
   * @throws {IpcError} ENOENT no such name; EINVAL it is not a ring of this version; EBADMSG its header is corrupted
   */
  static open(name: string, options: SpscRingOpenOptions = {}): SpscRing {
    checkOptions(options, ["timeoutMs", ...USE_OPTIONS], "SpscRing.open");
    checkUse(options);
    const placement = openPlacement(name, KIND, { timeoutMs: options.timeoutMs });
    try {
      const geometry = findGeometry(placement.memory.buffer, placement.base, name);
      return new SpscRing({ placement, geometry, created: false, use: options });
    } catch (error) {
      closePlacement(placement);
      throw error;
    }
  }

  /**
   * Opens the ring, or creates it; `created` tells which. One that exists must have the capacity, and the `maxMessageSize`
   * where one is given; left out, it is taken as it is.
   *
   * @throws {IpcError} EINVAL it exists with another capacity or maxMessageSize; otherwise as `create` and `open`
   */
  static openOrCreate(name: string, options: SpscRingCreateOptions): SpscRing {
    demandOptions(options, CREATE_OPTIONS, "SpscRing.openOrCreate");
    geometryOf(options);
    const { spinMs, ordering, unlinkOnClose } = options;
    const ring = openOrCreate(
      options,
      () => SpscRing.open(name, { spinMs, ordering }),
      () => SpscRing.create(name, options),
    );
    try {
      checkAgreement(ring.#parts.geometry, options, name);
    } catch (error) {
      ring.close();
      throw error;
    }
    if (unlinkOnClose) ring.#parts.placement.memory.unlinkOnClose?.();
    return ring;
  }

  /** Removes the name; those who have the ring open keep it. False when there was none. */
  static unlink(name: string): boolean {
    return SharedMemory.unlink(name);
  }

  /** Bytes that `over` needs in a memory. */
  static byteSize(size: SpscRingSize): number {
    demandOptions(size, ["capacity", "maxMessageSize"], "SpscRing.byteSize");
    const { capacity, maxMessageSize } = geometryOf(size);
    return Math.ceil(layout.ringSize(capacity, maxMessageSize) / ALIGNMENT) * ALIGNMENT;
  }

  /**
   * Lays a ring over part of a memory, or finds the one that is there. Racing processes agree; closing the ring leaves
   * the memory and the participants open.
   *
   * @throws {RangeError} `byteOffset` is not a multiple of 128, or the ring does not fit, or would lie over another object
   * that is open here, or ends behind the first 2 GiB of the memory: a window of it takes rings anywhere
   * @throws {IpcError} EBADMSG there is something else; EINVAL there is a ring of other sizes, or none and no capacity;
   * ETIMEDOUT somebody else has been laying one for 5 s, or has a record lock over the file
   */
  static over(memory: MemoryRegion, byteOffset: number, options: SpscRingOverOptions): SpscRing {
    demandOptions(options, ["participants", "capacity", "maxMessageSize", ...USE_OPTIONS], "SpscRing.over");
    checkUse(options);
    const { participants } = options;
    const placement = placementOver(memory, byteOffset, { participants }, layout.MESSAGES, "ring");
    const { geometry, created } = withLayoutLock(memory, byteOffset, () => layOrFind(placement, options));
    return new SpscRing({ placement, geometry, created, use: options });
  }

  /** Bytes of message space. */
  get capacity(): number {
    return this.#parts.geometry.capacity;
  }

  /** Bytes of the largest message. */
  get maxMessageSize(): number {
    return this.#parts.geometry.maxMessageSize;
  }

  /** Whether this call made the ring. */
  get created(): boolean {
    return this.#parts.created;
  }

  /**
   * Takes the producer's role. After a dead producer it goes on where that one's last committed message ended.
   *
   * @throws {IpcError} EBUSY a live process has it; EUSERS 128 participants are attached; EBADF after close; EBADMSG
   */
  producer(): SpscProducer {
    return this.#side(PRODUCER, CONSUMER, layout.PRODUCER_WAIT, layout.CONSUMER_WAIT, SpscProducer);
  }

  /**
   * Takes the consumer's role. It starts at the first message whose acknowledgement was not published: after a killed
   * consumer up to an eighth of the capacity may come again, with the same positions.
   *
   * @throws {IpcError} EBUSY a live process has it; EUSERS 128 participants are attached; EBADF after close; EBADMSG
   */
  consumer(): SpscConsumer {
    return this.#side(CONSUMER, PRODUCER, layout.CONSUMER_WAIT, layout.PRODUCER_WAIT, SpscConsumer);
  }

  #bytes(): RingBytes {
    const { placement, geometry } = this.#parts;
    const { memory, base, name } = placement;
    return {
      buffer: memory.buffer,
      base,
      geometry,
      name,
      isAtomic: this.#isAtomic,
      lostPages: () => memory.lostPages ?? 0,
    };
  }

  #side<Side extends SpscProducer | SpscConsumer>(
    words: typeof PRODUCER,
    peerWords: typeof PRODUCER,
    ownWait: number,
    peersWait: number,
    Kind: new (parts: ConstructorParameters<typeof SpscProducer>[0]) => Side,
  ): Side {
    if (!this.#isOpen) throw closedHere(this.#bytes(), `become the ${words.noun}`);
    const { placement, use } = this.#parts;
    const { spinMs } = use;
    const { memory, participants, base, name } = placement;
    const own = new Role(this.#words, base, words, participants);
    const peer = new Role(this.#words, base, peerWords, participants);
    const wake = (wait: number) => notifyAll(this.#words, (base + wait) / 4, memory.address + base + wait);
    const notify = () => wake(peersWait);
    own.take(name, notify);
    const makeWaiter = (watched: () => number) =>
      new Waiter({ memory, participants, own: base + ownWait, peers: base + peersWait, peer: watched, spinMs });
    try {
      const side: Side = new Kind({
        bytes: this.#bytes(),
        own,
        peer,
        makeWaiter,
        renew: () => wake(ownWait),
        onClose: () => this.#sides.delete(side),
      });
      this.#sides.add(side);
      return side;
    } catch (error) {
      own.giveUp(notify);
      throw error;
    }
  }

  /** Who has the role, or had it and died; undefined when it is free. The caller closes the Peer. EBADF after close. */
  holder(role: "producer" | "consumer"): Peer | undefined {
    if (role !== "producer" && role !== "consumer")
      throw new TypeError(`a role is "producer" or "consumer", not ${describe(role)}`);
    if (!this.#isOpen) throw closedHere(this.#bytes(), `look for the ${role}`);
    const { participants, base } = this.#parts.placement;
    const { owner } = new Role(this.#words, base, role === "producer" ? PRODUCER : CONSUMER, participants);
    return owner === 0 ? undefined : Peer.ofParticipant(participants, owner);
  }

  /** Closes the sides that were taken here, and the memory. Closing twice is fine. The ring stays, by its name. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const side of this.#sides) side.close();
    detach(this.#parts.placement, this);
    closePlacement(this.#parts.placement);
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ name: this.#parts.placement.name, capacity: this.capacity, closed: !this.#isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
