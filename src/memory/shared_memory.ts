// SharedMemory: raw bytes that processes share, by name or by descriptor.

import { errno } from "../sys/errno.ts";
import { CLOSED_HERE, IpcError } from "../sys/error.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import { checkInteger, refuseNew } from "../sys/validate.ts";
import { Dependents } from "./dependents.ts";
import { checkGrowable, openOrCreate } from "./file.ts";
import type { HugePages } from "./huge_pages.ts";
import { forgetLeak, reportLeak } from "./leak.ts";
import { demandMappable, MAKE_ELSEWHERE, MAKE_SEVERAL, Mapping } from "./mapping.ts";
import { objectPath } from "./name.ts";
import { reserve } from "./reservation.ts";
import {
  checkCreation,
  type SharedMemoryAnonymousOptions,
  type SharedMemoryCreateOptions,
  type SharedMemoryDescriptorOptions,
  type SharedMemoryOpenOptions,
  SIZE_MAX,
} from "./shared_memory_options.ts";
import {
  anonymousParts,
  closeDescriptor,
  createParts,
  descriptorParts,
  type LivingThere,
  openParts,
  type Parts,
} from "./shared_memory_parts.ts";
import { unlinkFile, unlinkOwn } from "./unlinking.ts";

/**
 * Memory that several processes map at once, byte for byte what C's `shm_open` and `mmap` give.
 *
 * A named object lives in `/dev/shm` until it is unlinked or the machine restarts. Creation is exclusive and atomic:
 * nobody ever opens a half-made object, and a creator killed half-way leaves nothing. The space is reserved, so that a
 * full file system is an error here and never a crash later. `close()` empties every view before the memory goes: a late
 * access reads `undefined` or throws, and never crashes. Nothing orders the bytes for you: use a ring or a lock, or
 * `Atomics` on `buffer`. Call from any thread; a Worker opens its own. Nothing here waits, but `open` waits for a size.
 *
 * @see https://man7.org/linux/man-pages/man7/shm_overview.7.html
 * @example
 * ```ts
 * import { SharedMemory } from "@linux-ipc/core";
 * const grid = SharedMemory.create("/linux-ipc-example-grid", { size: 4096, unlinkOnClose: true });
 * const same = SharedMemory.open("/linux-ipc-example-grid");
 * grid.bytes[0] = 42;
 * console.log(same.bytes[0]); // 42
 * same.close();
 * grid.close();
 * ```
 */
export class SharedMemory {
  #parts: Parts;
  #bytes: Uint8Array;
  readonly #dependents = new Dependents();
  #isOpen = true;

  private constructor(parts: Parts) {
    if (parts?.mapping === undefined) refuseNew(SharedMemory);
    this.#parts = parts;
    this.#bytes = new Uint8Array(parts.mapping.buffer);
    reportLeak(this, parts.name === undefined ? "Anonymous shared memory" : `Shared memory ${parts.name}`);
  }

  /**
   * shm_open(3) with O_CREAT | O_EXCL: makes new memory, all zeros.
   *
   * @throws {IpcError} EEXIST the name is taken; ENOSPC `/dev/shm` is full; ENOMEM the machine or the control group has
   * less memory than that: the message says how much; EACCES it may not be written; EMFILE
   * @throws {RangeError} a bad name, size or mode
   */
  static create(name: string, options: SharedMemoryCreateOptions): SharedMemory {
    return SharedMemory.createFilled(name, options, () => {});
  }

  /** As `create`; `fill` writes before anybody can open it. Messages call it by `what` lives there. @internal */
  static createFilled(
    name: string,
    options: SharedMemoryCreateOptions,
    fill: (buffer: ArrayBuffer) => void,
    what?: LivingThere,
  ): SharedMemory {
    return new SharedMemory(createParts(name, options, fill, what));
  }

  /**
   * shm_open(3): maps memory that exists, whole or a window of it.
   *
   * @throws {IpcError} ENOENT no such name; EACCES not permitted; ELOOP the name is a symbolic link; EISDIR it is a
   * directory; EINVAL it is no regular file; ETIMEDOUT its size is still 0 after the timeout
   * @throws {RangeError} a bad name, a window outside the object, or more than this runtime's ArrayBuffer can hold
   * (4 GiB on Bun)
   */
  static open(name: string, options: SharedMemoryOpenOptions = {}): SharedMemory {
    return new SharedMemory(openParts(name, options));
  }

  /**
   * As `open`; messages call it by what lives in it.
   *
   * @internal
   */
  static openAs(what: LivingThere, name: string, options: SharedMemoryOpenOptions): SharedMemory {
    return new SharedMemory(openParts(name, options, what));
  }

  /**
   * Opens the memory, or creates it; `created` tells which.
   *
   * @throws {IpcError} as `create` and `open`; EINVAL it exists and is smaller than asked
   */
  static openOrCreate(name: string, options: SharedMemoryCreateOptions): SharedMemory {
    const { size, unlinkOnClose } = checkCreation(options, "SharedMemory.openOrCreate");
    const memory = openOrCreate(
      options,
      () => SharedMemory.open(name),
      () => SharedMemory.create(name, options),
    );
    if (memory.size < size) {
      const hint = `it exists with ${memory.size} bytes, ${size} asked`;
      memory.close();
      throw new IpcError(errno.EINVAL, { syscall: "shm_open", doing: `open shared memory ${name}`, path: name, hint });
    }
    if (unlinkOnClose) memory.unlinkOnClose();
    return memory;
  }

  /**
   * memfd_create(2): memory without a name, to be handed over by descriptor: to a child process in the `stdio` of spawn, to
   * a Worker as the number whose /proc/self/fd/N it opens. Its size is sealed: nobody can shrink it under a peer. Peers
   * share huge pages as they are.
   *
   * @throws {IpcError} ENOMEM too little memory, or too few huge pages: the message says how many are free and which
   * setting to change, or how much memory there is; ENOSPC, EMFILE
   */
  static anonymous(options: SharedMemoryAnonymousOptions): SharedMemory {
    return new SharedMemory(anonymousParts(options));
  }

  /**
   * Maps memory whose descriptor came from elsewhere (a parent, a Unix socket); the descriptor is owned from now on and
   * closed by `close()`, also when this call fails, and where the memory has no such window. Arguments that are wrong for
   * any memory (TypeError, RangeError) are refused before anything is done: it is still open then. The seals are checked:
   * a sender who could shrink the memory under us is refused, unless `allowUnsealed`.
   *
   * @throws {IpcError} EBADF; EPERM it is not sealed against shrinking; EACCES
   * @throws {RangeError} a window outside the memory, or more than this runtime's ArrayBuffer can hold
   */
  static fromDescriptor(fd: number, options: SharedMemoryDescriptorOptions = {}): SharedMemory {
    return new SharedMemory(descriptorParts(fd, options));
  }

  /**
   * shm_unlink(3): removes the name. Those who have the memory mapped keep it. False when there was no such name.
   *
   * @throws {IpcError} EACCES, EPERM
   */
  static unlink(name: string): boolean {
    return unlinkFile(objectPath(name), `unlink shared memory ${name}`);
  }

  /** The name as it was given; undefined for anonymous memory. */
  get name(): string | undefined {
    return this.#parts.name;
  }

  /** All of the mapping as bytes. Length 0 after `close()`. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** The mapping's one ArrayBuffer, for typed arrays of your own. Length 0 after `close()`. Transferred, it stays mapped. */
  get buffer(): ArrayBuffer {
    return this.#parts.mapping.buffer;
  }

  /** Bytes mapped; 0 after `close()`. */
  get size(): number {
    return this.buffer.byteLength;
  }

  /** Where the memory stands in this process: for FFI calls of your own. */
  get address(): number {
    return this.#parts.mapping.address;
  }

  /** Bytes of one page. */
  get pageSize(): number {
    return this.#parts.mapping.pageSize;
  }

  /** The huge pages that these are; `"transparent"` where only advice could be given; undefined for ordinary memory. */
  get hugePages(): HugePages | undefined {
    return this.#parts.mapping.hugePages;
  }

  /** Where the mapping starts in the object: not 0 for a window. */
  get fileOffset(): number {
    return this.#parts.fileOffset;
  }

  /**
   * Runs `action` before the memory is unmapped: objects that lie over it close, and who sleeps on a word of it leaves.
   *
   * @internal
   */
  beforeClose(dependent: object, action: () => void): void {
    this.#dependents.add(dependent, action);
  }

  /** The dependent has gone. @internal */
  afterClose(dependent: object): void {
    this.#dependents.delete(dependent);
  }

  /**
   * From now on close() also removes the name.
   *
   * @internal
   */
  unlinkOnClose(): void {
    this.#parts.unlinkOnClose = true;
  }

  /** Whether this call made the object. */
  get created(): boolean {
    return this.#parts.created;
  }

  /** Whether writes stay private to this process. */
  get readOnly(): boolean {
    return this.#parts.readOnly;
  }

  /** The open descriptor, to be handed to a peer; -1 after `close()`. */
  get fd(): number {
    return this.#isOpen ? this.#parts.fd : -1;
  }

  /** Pages whose backing was taken away by somebody's truncate; they read as zeros. 0 in a sound world. */
  get lostPages(): number {
    return this.#parts.mapping.lostPages;
  }

  /**
   * Grows the object and maps it anew: `bytes` and `buffer` are replaced, and views of the old ones get length 0.
   * Peers keep what they have mapped; to see more they open again. The new bytes are zeros, and reserved. Objects that
   * lie over this memory here are closed: lay them anew.
   *
   * @throws {RangeError} smaller than now, a window, read-only memory, or more than this runtime's ArrayBuffer can hold
   * @throws {IpcError} EPERM the size is sealed; ENOSPC, ENOMEM; EBADF it is closed
   */
  resize(size: number): void {
    const attempt = () => ({ syscall: "ftruncate", doing: `resize shared memory ${this.name ?? ""}`.trim() });
    if (!this.#isOpen) throw new IpcError(errno.EBADF, { ...attempt(), hint: CLOSED_HERE });
    checkInteger(size, "size", this.size, SIZE_MAX);
    const { fd, readOnly, isWindow, mapping } = this.#parts;
    if (readOnly || isWindow)
      throw new RangeError("Cannot resize a window or read-only shared memory: open it whole and writable");
    if (size === this.size) return;
    checkGrowable(fd, attempt);
    demandMappable(size, attempt, this.name === undefined ? MAKE_SEVERAL : MAKE_ELSEWHERE);
    reserve({ fd, size }, attempt);
    const transparent = mapping.hugePages === "transparent" ? "shmem_enabled" : undefined; // advice is of the mapping
    this.#parts.mapping = new Mapping({ fd, offset: 0, length: size, readOnly, attempt, transparent });
    this.#dependents.close();
    this.#bytes = new Uint8Array(this.#parts.mapping.buffer);
    mapping.close();
  }

  /**
   * Closes what lies over it here, empties every view, unmaps, closes the descriptor. Closing twice is fine. The object
   * itself stays, by its name. Await first what the runtime does with the bytes in a thread of its own (zlib.gzip, fs.read).
   */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    forgetLeak(this);
    this.#dependents.close();
    const { mapping, fd, path, unlinkOnClose } = this.#parts;
    mapping.close();
    if (unlinkOnClose && path !== undefined) unlinkOwn(path, fd);
    closeDescriptor(this.#parts);
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ name: this.name, size: this.size, closed: !this.#isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
