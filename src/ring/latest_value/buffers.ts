// The buffers of a latest value as both sides see them: where they stand, what their headers say, whether they are whole.

import { lostPagesHint, type MemoryRegion } from "../../memory/memory_region.ts";
import { errno } from "../../sys/errno.ts";
import { CLOSED_HERE, IpcError } from "../../sys/error.ts";
import { loadOrdered } from "../../sys/ordering.ts";
import { notifyAll } from "../../wait/eventcount.ts";
import { crc32c } from "./checksum.ts";
import type { ValueGeometry } from "./geometry.ts";
import * as layout from "./layout.ts";

export interface BuffersParts {
  readonly memory: MemoryRegion;
  readonly base: number;
  readonly geometry: ValueGeometry;
  readonly name: string;
  readonly isAtomic: boolean;
}

/** A header is named by its byte offset in the mapping. */
export class ValueBuffers {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  readonly view: DataView;
  readonly memory: MemoryRegion;
  readonly base: number;
  readonly geometry: ValueGeometry;
  readonly name: string;
  /** Publish with atomic operations: everywhere but on x86-64. */
  readonly isAtomic: boolean;
  /** Index in `i32` of the word that says which value is current. */
  readonly currentIndex: number = 0;
  /** Byte offset of the first buffer, and bytes from one to the next. */
  readonly first: number = 0;
  readonly stride: number = 0;
  /** A sequence and this mask: the number of its buffer. */
  readonly mask: number = 0;

  constructor({ memory, base, geometry, name, isAtomic }: BuffersParts) {
    const { buffer } = memory;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4));
    this.f64 = new Float64Array(buffer, 0, Math.floor(buffer.byteLength / 8));
    this.view = new DataView(buffer);
    this.memory = memory;
    this.base = base;
    this.geometry = geometry;
    this.name = name;
    this.isAtomic = isAtomic;
    this.currentIndex = (base + layout.CURRENT) / 4;
    this.first = base + layout.FIRST_BUFFER;
    this.stride = layout.strideOf(geometry.size);
    this.mask = geometry.buffers - 1;
  }

  /** Wakes the readers that wait, if there are any. */
  wakeReaders(): void {
    const offset = this.base + layout.READERS_WAIT;
    notifyAll(this.i32, offset / 4, this.memory.address + offset);
  }

  headerOf(sequence: number): number {
    return this.first + (sequence & this.mask) * this.stride;
  }

  durableHeader(copy: number): number {
    return this.base + layout.durableOffset(this.geometry.size, this.geometry.buffers, copy);
  }

  /** The sequence that `current` says. */
  get current(): number {
    return loadOrdered(this.i32, this.currentIndex);
  }

  sequenceAt(header: number): number {
    return loadOrdered(this.i32, (header + layout.SEQUENCE) / 4);
  }

  lengthAt(header: number): number {
    return this.i32[(header + layout.LENGTH) / 4] >>> 0;
  }

  epochAt(header: number): number {
    return this.i32[(header + layout.EPOCH) / 4];
  }

  /** The version of the value there; 0 = none. */
  versionAt(header: number): number {
    return (this.epochAt(header) >>> 0) * 2 ** 32 + (this.sequenceAt(header) >>> 0);
  }

  /** The checksum that the value there should carry. */
  checksumOf(header: number, length: number): number {
    const crc = crc32c(this.i32, this.u8, header, layout.CHECKSUM);
    return crc32c(this.i32, this.u8, header + layout.BYTES, length, crc);
  }

  /** Whether the value there is whole, as far as its checksum tells. */
  isWhole(header: number): boolean {
    return this.wholeLengthAt(header) >= 0;
  }

  /**
   * Bytes of the value there, or -1 where it is not whole. Whoever copies it goes by this number: the word in the header
   * may have changed since it was checked.
   */
  wholeLengthAt(header: number): number {
    const length = this.lengthAt(header);
    if (length > this.geometry.size) return -1;
    return this.i32[(header + layout.CHECKSUM) / 4] === this.checksumOf(header, length) ? length : -1;
  }

  /** The shared bytes say something that no correct writer would have written. */
  corrupted(what: string): IpcError {
    return this.#error(errno.EBADMSG, "mmap", "use", lostPagesHint(this.memory.lostPages) ?? what);
  }

  /**
   * Bytes of the current value, which stands there, to be synced; -1 where none was published yet, or where power loss has
   * left none and `current` still says `gone`. One that is lost must not be passed over.
   */
  lengthToSync(header: number, gone: number): number {
    const length = this.wholeLengthAt(header);
    if (length >= 0) return length;
    const isLaid = this.i32[(this.base + layout.MAGIC) / 4] !== 0; // otherwise somebody has truncated the file
    if (isLaid && (this.current === gone || (this.current === 0 && this.versionAt(header) === 0))) return -1;
    throw this.corrupted("its current value is not whole");
  }

  /** A reader was overtaken again and again. */
  overtaken(attempts: number): IpcError {
    const hint = `the writer overtook ${attempts} attempts; more than ${this.geometry.buffers} buffers would help`;
    return this.#error(errno.EAGAIN, "read", "read", hint);
  }

  /** Why `sync` could promise nothing. */
  unsyncable(hint: string): IpcError {
    return this.#error(errno.EOPNOTSUPP, "msync", "sync", hint);
  }

  closedHere(doing: string): IpcError {
    return this.#error(errno.EBADF, doing, doing, CLOSED_HERE);
  }

  #error(number: number, syscall: string, verb: string, hint: string): IpcError {
    return new IpcError(number, { syscall, doing: `${verb} latest value ${this.name}`, path: this.name, hint });
  }
}
