// LatestValue: the last complete value of one writer, for any number of readers, in shared memory or in a mapped file.

import { openOrCreate } from "../../memory/file.ts";
import { ALIGNMENT } from "../../memory/layout.ts";
import type { MemoryRegion } from "../../memory/memory_region.ts";
import { attach, closePlacement, createPlacement, detach, openPlacement } from "../../memory/placement.ts";
import { SharedMemory } from "../../memory/shared_memory.ts";
import type { OwnBytes } from "../../sys/copy.ts";
import { errno } from "../../sys/errno.ts";
import { IpcError } from "../../sys/error.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../../sys/inspect.ts";
import { checkBoolean, checkOptions, demandOptions, refuseNew } from "../../sys/validate.ts";
import { mayPublishPlainly } from "../../wait/eventcount.ts";
import { Peer } from "../../wait/peer.ts";
import { Waiter } from "../../wait/waiter.ts";
import { PeerEnd } from "../peer_end.ts";
import { Role } from "../role.ts";
import { checkUse } from "../spsc/options.ts";
import { ValueBuffers } from "./buffers.ts";
import { checkAgreement, checkType, findGeometry, geometryOf, sizeOf, writeGeometry } from "./geometry.ts";
import { KIND, WRITER } from "./kind.ts";
import { type Laid, layOver } from "./lay.ts";
import * as layout from "./layout.ts";
import {
  type LatestValueCreateOptions,
  type LatestValueOpenOptions,
  type LatestValueOverOptions,
  type LatestValueSize,
  type LatestValueUse,
  SIZE_OPTIONS,
  USE_OPTIONS,
  type ValueType,
} from "./options.ts";
import { LatestValueReader } from "./reader.ts";
import { LatestValueWriter } from "./writer.ts";

const CREATE_OPTIONS = ["mode", "unlinkOnClose", ...SIZE_OPTIONS, ...USE_OPTIONS];

interface Parts<Value, Given> extends Laid {
  readonly type: ValueType<Value, Given> | undefined;
  readonly use: LatestValueUse;
}

/**
 * The last complete value of one writer: bytes of at most `size`, or a struct. Any number of readers take it whole.
 *
 * The writer never waits for readers, and readers never wait for the writer: a value is never torn, and a writer that is
 * killed in the middle leaves the one before. Reading and writing are plain loads and stores; a system call is made only
 * when a reader sleeps. The writer's role is held by one live process (or Worker) at a time and can be taken at once when
 * the kernel has proven its holder dead. It stays by its name until it is unlinked; over a `MappedFile` it survives
 * restarts, and with `checksum` and `sync` power loss too.
 *
 * @example
 * ```ts
 * import { LatestValue } from "@linux-ipc/core";
 * const book = LatestValue.create("/linux-ipc-example-latest", { size: 64, unlinkOnClose: true });
 * const writer = book.writer();
 * const reader = book.reader(); // usually in another process: LatestValue.open("/linux-ipc-example-latest").reader()
 * for (const text of ["first", "second"]) writer.write(new TextEncoder().encode(text));
 * console.log(new TextDecoder().decode(reader.tryRead()), reader.version); // second 2
 * console.log(reader.tryNext()); // undefined
 * book.close();
 * ```
 */
export class LatestValue<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer> {
  readonly #parts: Parts<Value, Given>;
  readonly #buffers: ValueBuffers;
  readonly #role: Role;
  readonly #sides = new Set<{ close(): void }>();
  #isOpen = true;

  private constructor(parts: Parts<Value, Given>) {
    if (parts?.placement === undefined) refuseNew(LatestValue);
    this.#parts = parts;
    const { placement, geometry, use } = parts;
    const { memory, base, name } = placement;
    const isAtomic = use.ordering === "atomic" || !mayPublishPlainly();
    this.#buffers = new ValueBuffers({ memory, base, geometry, name, isAtomic });
    this.#role = this.#makeRole();
    attach(placement, this);
  }

  /**
   * Makes a new one, without a value yet.
   *
   * @throws {IpcError} EEXIST the name is taken; ENOSPC `/dev/shm` is full; EACCES
   * @throws {RangeError} a bad name, size, or number of buffers
   */
  static create<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer>(
    name: string,
    options: LatestValueCreateOptions<Value, Given>,
  ): LatestValue<Value, Given> {
    demandOptions(options, CREATE_OPTIONS, "LatestValue.create");
    checkUse(options);
    const geometry = geometryOf(options);
    const lay = (buffer: ArrayBuffer, base: number) => writeGeometry(buffer, base, geometry);
    const placement = createPlacement(name, KIND, sizeOf(geometry), options, lay);
    return new LatestValue({ placement, geometry, created: true, type: options.type, use: options });
  }

  /**
   * Opens one that exists; how large it is stands in it. With `readOnly`, whoever may read its file can read its values:
   * created with `mode: 0o640`, it serves other users of the group, who can neither write nor wait.
   *
   * @throws {IpcError} ENOENT no such name; EACCES not permitted; EINVAL it is something else, or its values are not of the
   * type's size; EBADMSG its header is corrupted
   */
  static open<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer>(
    name: string,
    options: LatestValueOpenOptions<Value, Given> = {},
  ): LatestValue<Value, Given> {
    checkOptions(options, ["timeoutMs", "type", "readOnly", ...USE_OPTIONS], "LatestValue.open");
    checkUse(options);
    const { type, timeoutMs, readOnly = false } = options;
    checkType(type);
    const placement = openPlacement(name, KIND, { timeoutMs }, checkBoolean(readOnly, "readOnly"));
    try {
      const geometry = findGeometry(placement.memory.buffer, placement.base, name);
      checkAgreement(geometry, { type }, name);
      return new LatestValue({ placement, geometry, created: false, type, use: options });
    } catch (error) {
      closePlacement(placement);
      throw error;
    }
  }

  /**
   * Opens it, or creates it; `created` tells which. One that exists must have what the options say; what they leave out
   * is taken as it is.
   *
   * @throws {IpcError} EINVAL it exists with another size, number of buffers, or with or without checksums; otherwise as
   * `create` and `open`
   */
  static openOrCreate<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer>(
    name: string,
    options: LatestValueCreateOptions<Value, Given>,
  ): LatestValue<Value, Given> {
    demandOptions(options, CREATE_OPTIONS, "LatestValue.openOrCreate");
    geometryOf(options);
    const { spinMs, ordering, unlinkOnClose, type } = options;
    const latest = openOrCreate(
      options,
      () => LatestValue.open(name, { spinMs, ordering, type }),
      () => LatestValue.create(name, options),
    );
    try {
      checkAgreement(latest.#parts.geometry, options, name);
    } catch (error) {
      latest.close();
      throw error;
    }
    if (unlinkOnClose) latest.#parts.placement.memory.unlinkOnClose?.();
    return latest;
  }

  /** Removes the name; those who have it open keep it. False when there was none. */
  static unlink(name: string): boolean {
    return SharedMemory.unlink(name);
  }

  /** Bytes that `over` needs in a memory. */
  static byteSize<Value, Given>(size: LatestValueSize<Value, Given>): number {
    demandOptions(size, SIZE_OPTIONS, "LatestValue.byteSize");
    return Math.ceil(sizeOf(geometryOf(size)) / ALIGNMENT) * ALIGNMENT;
  }

  /**
   * Lays one over part of a memory (`SharedMemory`, `MappedFile`), or finds the one that is there, with its value.
   * Racing processes agree; closing it leaves the memory and the participants open. Without `size` or `type` one must be
   * there. Over read-only memory there is no writer, and readers cannot wait.
   *
   * @throws {RangeError} `byteOffset` is not a multiple of 128, it does not fit, or would lie over another open object
   * @throws {IpcError} EBADMSG there is something else; EINVAL there is one of another size, or none and no size;
   * ETIMEDOUT somebody else has been laying one for 5 s, or has a record lock over the file
   */
  static over<Value = OwnBytes, Given = ArrayBufferView | ArrayBuffer>(
    memory: MemoryRegion,
    byteOffset: number,
    options: LatestValueOverOptions<Value, Given>,
  ): LatestValue<Value, Given> {
    demandOptions(options, ["participants", ...SIZE_OPTIONS, ...USE_OPTIONS], "LatestValue.over");
    checkUse(options);
    return new LatestValue({ ...layOver(memory, byteOffset, options), type: options.type, use: options });
  }

  /** Bytes of the largest value. */
  get size(): number {
    return this.#parts.geometry.size;
  }

  /** How many values stand in it at once: the current one, the one being written, and older ones for slow readers. */
  get buffers(): number {
    return this.#parts.geometry.buffers;
  }

  /** Whether values carry checksums. */
  get checksum(): boolean {
    return this.#parts.geometry.checksum;
  }

  /** Whether this call made it. */
  get created(): boolean {
    return this.#parts.created;
  }

  /** One for all readers to look at, and one for each writer: it knows the id that it was taken by. */
  #makeRole(): Role {
    const { memory, participants, base } = this.#parts.placement;
    return new Role(new Int32Array(memory.buffer, 0, Math.floor(memory.size / 4)), base, WRITER, participants);
  }

  #checkOpen(doing: string): void {
    if (!this.#isOpen) throw this.#buffers.closedHere(doing);
  }

  /**
   * Takes the writer's role. After a dead writer it goes on after that one's last published value.
   *
   * @throws {IpcError} EBUSY a live process has it; EUSERS 128 participants are attached; EBADF after close; EBADMSG;
   * EACCES the memory is open read-only
   */
  writer(): LatestValueWriter<Value, Given> {
    this.#checkOpen("write");
    const { placement, type } = this.#parts;
    const { memory, name } = placement;
    if (memory.readOnly) {
      const hint = "it is open read-only";
      throw new IpcError(errno.EACCES, { syscall: "attach", doing: `become the writer of ${name}`, path: name, hint });
    }
    const role = this.#makeRole();
    const notify = () => this.#buffers.wakeReaders();
    role.take(name, notify);
    try {
      const onClose = () => this.#sides.delete(writer);
      const writer = new LatestValueWriter<Value, Given>({ buffers: this.#buffers, type, role, onClose });
      this.#sides.add(writer);
      return writer;
    } catch (error) {
      role.giveUp(notify);
      throw error;
    }
  }

  /**
   * A reader. It needs no role and takes no slot: there may be any number. Each is kept until it is closed, or all is.
   *
   * @throws {IpcError} EBADF after close
   */
  reader(): LatestValueReader<Value, Given> {
    this.#checkOpen("read");
    const { placement, type, use } = this.#parts;
    const { memory, participants, base } = placement;
    const own = base + layout.READERS_WAIT;
    const end = new PeerEnd(this.#role);
    const waiter = new Waiter({ memory, participants, own, peers: own, peer: () => end.watched, spinMs: use.spinMs });
    const onClose = () => this.#sides.delete(reader);
    const reader = new LatestValueReader<Value, Given>({ buffers: this.#buffers, type, end, waiter, onClose });
    this.#sides.add(reader);
    return reader;
  }

  /**
   * Who is the writer, or was it and died; undefined when nobody is. The caller closes the Peer.
   *
   * @throws {IpcError} EBADF after close; EACCES the memory is open read-only: who watches is a participant; EUSERS 128 are
   */
  holder(): Peer | undefined {
    this.#checkOpen("ask who writes");
    const { owner } = this.#role;
    return owner === 0 ? undefined : Peer.ofParticipant(this.#parts.placement.participants, owner);
  }

  /** Closes the writer and readers that were made here, and the memory. Closing twice is fine. It stays, by its name. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const side of this.#sides) side.close();
    detach(this.#parts.placement, this);
    closePlacement(this.#parts.placement);
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ name: this.#buffers.name, size: this.size, closed: !this.#isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
