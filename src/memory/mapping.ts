// One mapping and its one ArrayBuffer: made together, guarded against lost backing, closed in the safe order.

import { setTimeout } from "node:timers";
import { MADV_HUGEPAGE, madvise, pageSize } from "../sys/advice.ts";
import { errno } from "../sys/errno.ts";
import { type Attempt, check, IpcError } from "../sys/error.ts";
import { clockMonotonic } from "../sys/futex.ts";
import * as sys from "../sys/memory.ts";
import { type HugePages, hugePagesHint, hugePagesOf, mayBeTransparent } from "./huge_pages.ts";
import type { MappedMemory } from "./mapped_range.ts";

export interface MappingRequest {
  /** -1 for anonymous memory. */
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
  readonly readOnly: boolean;
  readonly attempt: () => Attempt;
  /** Flags of mmap(2), where MAP_SHARED, or MAP_PRIVATE for what is read-only, will not do. */
  readonly flags?: number;
  /** Of anonymous memory; a descriptor tells its own. */
  readonly pageSize?: number;
  /** Where the memory should stand if it can. */
  readonly near?: number;
  /** Ask for transparent huge pages; the system's setting for this kind of memory. */
  readonly transparent?: "enabled" | "shmem_enabled";
  /** What helps where this runtime's ArrayBuffer cannot hold it; by a window, unless said. */
  readonly ifTooLarge?: string;
}

const OPEN_A_WINDOW = "open a window of it with offset and length";
/** For memory without a name. */
export const MAKE_SEVERAL = "make several smaller ones";
/** For a file that is not there yet, or not so long: who makes one, or makes it longer, maps it whole. */
export const MAKE_ELSEWHERE = `make it so long by fallocate(1), and ${OPEN_A_WINDOW}; or ${MAKE_SEVERAL}`;

function tooLarge(length: number, attempt: () => Attempt, advice: string): RangeError {
  return new RangeError(
    `Cannot ${attempt().doing}: this runtime's ArrayBuffer cannot hold ${length} bytes (${advice})`,
  );
}

/** Where mmap(2) says ENOMEM of ordinary pages. */
const MAPPING_LIMITS =
  "the limits of mappings are ulimit -v, and vm.max_map_count and vm.overcommit_memory, see sysctl(8)";

/** Between two attempts to take the buffer from a runtime that is still using it. */
const PAUSE_MS = 10;

/** Every runtime's ArrayBuffer holds as much. */
const HELD_BY_ALL = 2 ** 32 - 1;

/**
 * Refuses, before a file is made longer, what could not be mapped whole then: nobody would make it shorter again.
 *
 * @throws {RangeError} this runtime's ArrayBuffer cannot hold it
 * @throws {IpcError} ENOMEM there is no room in the address space
 */
export function demandMappable(length: number, attempt: () => Attempt, ifTooLarge: string = OPEN_A_WINDOW): void {
  if (length <= HELD_BY_ALL) return;
  const kind = sys.MAP_PRIVATE | sys.MAP_ANONYMOUS | sys.MAP_NORESERVE;
  const address = check(sys.mmap(length, sys.PROT_NONE, kind, -1, 0), () => ({ ...attempt(), syscall: "mmap" }));
  const buffer = sys.view(address, length);
  if (buffer !== undefined) sys.detach(buffer);
  sys.munmap(address, length);
  if (buffer === undefined) throw tooLarge(length, attempt, ifTooLarge);
}

/** Memory of a file, or of nothing, mapped into this process. */
export class Mapping implements MappedMemory {
  readonly address: number;
  readonly length: number;
  readonly pageSize: number;
  readonly readOnly: boolean;
  readonly fd: number;
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  /** What kind of huge pages these are, if any. */
  readonly hugePages: HugePages | undefined;
  readonly #guard: number;
  #isOpen = true;

  constructor(request: MappingRequest) {
    const { fd, length, attempt } = request;
    this.fd = fd;
    this.length = length;
    this.readOnly = request.readOnly;
    this.pageSize = request.pageSize ?? check(pageSize(fd), attempt);
    this.address = this.#map(request);
    const buffer = sys.view(this.address, length);
    if (buffer === undefined) {
      sys.munmap(this.address, this.#span);
      throw tooLarge(length, attempt, request.ifTooLarge ?? (fd < 0 ? MAKE_SEVERAL : OPEN_A_WINDOW));
    }
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.#guard = fd < 0 ? -1 : this.#addGuard(attempt); // only what belongs to a file can be lost
    this.hugePages = this.#advise(request.transparent) ?? hugePagesOf(this.pageSize, pageSize(-1));
  }

  #map({ fd, offset, readOnly, attempt, flags, near }: MappingRequest): number {
    // A read-only file is mapped privately and writable: a stray store then stays with its culprit, where a read-only
    // page would kill the process. What others write is seen all the same. Nothing is promised for such copies, which
    // nobody should need: as much memory as the file is long, or a second set of its huge pages.
    const kind = flags ?? (readOnly ? sys.MAP_PRIVATE | sys.MAP_NORESERVE : sys.MAP_SHARED);
    const address = sys.mmap(this.length, sys.PROT_READ | sys.PROT_WRITE, kind, fd, offset, near);
    if (address >= 0) return address;
    const isHuge = this.pageSize > pageSize(-1) && (address === -errno.ENOMEM || address === -errno.EINVAL);
    const limits = address === -errno.ENOMEM ? MAPPING_LIMITS : undefined;
    const hint = isHuge ? hugePagesHint(this.pageSize, this.length) : limits;
    throw new IpcError(-address, { ...attempt(), syscall: "mmap", hint });
  }

  /** Memory without a guard would be a crash in waiting, so it is given back. */
  #addGuard(attempt: () => Attempt): number {
    const guard = sys.guardAdd(this.address, this.length);
    if (guard >= 0) return guard;
    sys.detach(this.buffer);
    sys.munmap(this.address, this.#span);
    throw new IpcError(-guard, { ...attempt(), syscall: "mmap", hint: "it could not be guarded against lost pages" });
  }

  #advise(setting: MappingRequest["transparent"]): HugePages | undefined {
    if (setting === undefined) return undefined;
    const isAccepted = madvise(this.address, this.#span, MADV_HUGEPAGE) >= 0;
    return isAccepted && mayBeTransparent(setting) ? "transparent" : undefined;
  }

  /** The length in whole pages, as the kernel has mapped it; munmap(2) takes no part of a huge page. */
  get #span(): number {
    return Math.ceil(this.length / this.pageSize) * this.pageSize;
  }

  /** Bytes mapped; 0 once closed. */
  get size(): number {
    return this.buffer.byteLength;
  }

  /** Pages that were lost under us, because somebody truncated the file; they read as zeros now. */
  get lostPages(): number {
    return this.#isOpen && this.#guard >= 0 ? sys.guardFaults(this.#guard) : 0;
  }

  /**
   * Every view gets length 0, then the memory goes. But where somebody has transferred the buffer, its bytes belong to a
   * buffer that cannot be found, perhaps a Worker's: the memory stays, because without it an access would be a crash.
   */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#giveBack();
  }

  /** Bun keeps a buffer while it reads a file into it, or writes one from it: the views have their bytes until that ends. */
  #giveBack(): void {
    if (this.buffer.byteLength === 0) return;
    sys.detach(this.buffer);
    if (this.buffer.byteLength > 0) {
      setTimeout(() => this.#giveBack(), PAUSE_MS).unref();
      return;
    }
    if (this.#guard >= 0) sys.guardRemove(this.#guard);
    sys.vacate(this.address, this.#span);
  }
}

/** The file's size; a file that is still being sized by its creator (a C program) is waited for. */
export function sizeOnceSet(fd: number, timeoutMs: number, attempt: () => Attempt): number {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const end = clockMonotonic() + timeoutMs * 1e6;
  for (;;) {
    const status = sys.fstat(fd);
    if (typeof status === "number") throw new IpcError(-status, { ...attempt(), syscall: "fstat" });
    const type = status.mode & sys.S_IFMT;
    if (type === sys.S_IFDIR) throw new IpcError(errno.EISDIR, attempt());
    if (type !== sys.S_IFREG) {
      throw new IpcError(errno.EINVAL, { ...attempt(), syscall: "fstat", hint: "it is not a regular file" });
    }
    if (status.size > 0) return status.size;
    if (clockMonotonic() >= end) {
      const hint = `its size is still 0 after ${timeoutMs} ms: its creator has not called ftruncate`;
      throw new IpcError(errno.ETIMEDOUT, { ...attempt(), syscall: "fstat", hint });
    }
    Atomics.wait(sleeper, 0, 0, 1);
  }
}

/** mmap(2) maps whole pages of a file, which may be huge. */
export function checkPageOffset(fd: number, offset: number): void {
  const size = pageSize(fd);
  if (size > 0 && offset % size !== 0) throw new RangeError(`offset must be a multiple of ${size}, not ${offset}`);
}
