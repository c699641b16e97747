// SpscRing: messages from one producer to one consumer, through shared memory.

import { openOrCreate } from "../../memory/file.ts";
import { ALIGNMENT, OBJECT_OFFSET } from "../../memory/layout.ts";
import { withLayoutLock } from "../../memory/layout_lock.ts";
import type { MemoryRegion } from "../../memory/memory_region.ts";
import { attach, detach, type Placement, placementOver } from "../../memory/placement.ts";
import { createSegment, openSegment, type Segment, type SegmentKind } from "../../memory/segment.ts";
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
  readonly segment: Segment & Pick<Placement, "range">;
  readonly base: number;
  readonly geometry: RingGeometry;
  readonly name: string;
  readonly created: boolean;
  /** Whether closing the ring closes the memory. */
  readonly ownsMemory: boolean;
  readonly use: SpscRingUse;
}

/** The parts of a ring that has a segment of its own. */
const BY_NAME = { base: OBJECT_OFFSET, ownsMemory: true };

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
    if (parts?.segment === undefined) refuseNew(SpscRing);
    this.#parts = parts;
    const { buffer } = parts.segment.memory;
    this.#words = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
    this.#isAtomic = parts.use.ordering === "atomic" || !mayPublishPlainly();
    attach(parts.segment, this);
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
    const { mode, unlinkOnClose } = options;
    checkUse(options);
    const size = layout.ringSize(geometry.capacity, geometry.maxMessageSize);
    const segment = createSegment(name, KIND, size, { mode, unlinkOnClose }, (buffer, offset) => {
      writeGeometry(buffer, offset, geometry);
    });
    return new SpscRing({ ...BY_NAME, segment, geometry, name, created: true, use: options });
  }

  /**
   * Opens a ring that exists; its geometry is read from it.
   *
   * @throws {IpcError} ENOENT no such name; EINVAL it is not a ring of this version; EBADMSG its header is corrupted
   */
  static open(name: string, options: SpscRingOpenOptions = {}): SpscRing {
    checkOptions(options, ["timeoutMs", ...USE_OPTIONS], "SpscRing.open");
    checkUse(options);
    const segment = openSegment(name, KIND, { timeoutMs: options.timeoutMs });
    try {
      const geometry = findGeometry(segment.memory.buffer, OBJECT_OFFSET, name);
      return new SpscRing({ ...BY_NAME, segment, geometry, name, created: false, use: options });
    } catch (error) {
      segment.memory.close();
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
    if (unlinkOnClose) ring.#parts.segment.memory.unlinkOnClose?.();
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
    const { base, name, ownsMemory } = placement;
    return new SpscRing({ segment: placement, base, geometry, name, created, ownsMemory, use: options });
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
    const { segment, base, geometry, name } = this.#parts;
    const { memory } = segment;
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
    const { segment, base, name, use } = this.#parts;
    const { spinMs } = use;
    const { memory, participants } = segment;
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
    const { segment, base } = this.#parts;
    const { participants } = segment;
    const { owner } = new Role(this.#words, base, role === "producer" ? PRODUCER : CONSUMER, participants);
    return owner === 0 ? undefined : Peer.ofParticipant(participants, owner);
  }

  /** Closes the sides that were taken here, and the memory. Closing twice is fine. The ring stays, by its name. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const side of this.#sides) side.close();
    const { segment, ownsMemory } = this.#parts;
    detach(segment, this);
    if (!ownsMemory) return;
    segment.participants.close();
    segment.memory.close();
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ name: this.#parts.name, capacity: this.capacity, closed: !this.#isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
