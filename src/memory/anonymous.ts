// AnonymousMemory: memory of this process alone, with every choice that mmap(2) gives.

import { pageSize } from "../sys/advice.ts";
import type { Attempt } from "../sys/error.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import {
  MAP_ANONYMOUS,
  MAP_HUGETLB,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  mmap,
  munmap,
  PROT_NONE,
} from "../sys/memory.ts";
import { checkBoolean, checkInteger, checkOptions, refuseNew } from "../sys/validate.ts";
import { prefault } from "./advice.ts";
import { demandMemory } from "./available.ts";
import {
  checkHugePages,
  type HugePages,
  type HugePagesRequest,
  hugeSizeFlag,
  sizeInPages,
  withHugePages,
} from "./huge_pages.ts";
import { forgetLeak, reportLeak } from "./leak.ts";
import { lockMemory } from "./lock_memory.ts";
import { Mapping } from "./mapping.ts";
import { bind } from "./numa/policy.ts";

const SIZE_MAX = 2 ** 48;
const TRANSPARENT_BYTES = 2 ** 21;

/** How `AnonymousMemory.create` makes memory. */
export interface AnonymousMemoryOptions {
  /** Bytes; rounded up to whole pages where `hugePages` is given (for `"try"` to 2 MB, whatever it gets). */
  size: number;
  /** MAP_SHARED in place of MAP_PRIVATE: the pages belong to a kernel object; false unless said. */
  shared?: boolean | undefined;
  /** As MAP_POPULATE: make every page present now, and say so when one cannot be had; false unless said. */
  populate?: boolean | undefined;
  /** As MAP_LOCKED: make every page present now and never swap it; false unless said. */
  locked?: boolean | undefined;
  /** MAP_NORESERVE: promise no swap space, so that far more may be mapped than there is; false unless said. */
  noReserve?: boolean | undefined;
  /** MAP_HUGETLB; such pages are made present now, so that a missing one is an error here and never a crash. */
  hugePages?: HugePagesRequest | undefined;
  /** The NUMA node that all pages come from. */
  node?: number | undefined;
}

type Checked = Required<Omit<AnonymousMemoryOptions, "hugePages" | "node">> &
  Pick<AnonymousMemoryOptions, "hugePages" | "node">;

/** The names of all options but the size. */
export const PAGE_OPTIONS = ["shared", "populate", "locked", "noReserve", "hugePages", "node"];

function checkAll(options: AnonymousMemoryOptions): Checked {
  checkOptions(options, ["size", ...PAGE_OPTIONS], "AnonymousMemory.create");
  const hugePages = checkHugePages(options?.hugePages);
  const size = sizeInPages(checkInteger(options?.size, "size", 1, SIZE_MAX), hugePages);
  const { shared = false, populate = false, locked = false, noReserve = false, node } = options;
  for (const [name, value] of Object.entries({ shared, populate, locked, noReserve })) checkBoolean(value, name);
  if (noReserve && hugePages !== undefined)
    throw new TypeError(
      "noReserve and hugePages exclude each other: an unreserved huge page can be missing at any access",
    );
  return { size, shared, populate, locked, noReserve, hugePages, node };
}

/** A place where huge pages would fit exactly: kernels before 6.7 do not look for one by themselves. */
function alignedPlace(size: number): number {
  const room = mmap(size + TRANSPARENT_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room < 0) return 0;
  munmap(room, size + TRANSPARENT_BYTES);
  return Math.ceil(room / TRANSPARENT_BYTES) * TRANSPARENT_BYTES;
}

const attempt = (size: number): Attempt => ({ syscall: "mmap", doing: `map ${size} bytes of anonymous memory` });

function map(options: Checked, hugePageSize: number | undefined, isAdvised: boolean): Mapping {
  const { size, shared, noReserve } = options;
  const kind = (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | (noReserve ? MAP_NORESERVE : 0);
  return new Mapping({
    fd: -1,
    offset: 0,
    length: size,
    readOnly: false,
    attempt: () => attempt(size),
    flags: hugePageSize === undefined ? kind : kind | MAP_HUGETLB | hugeSizeFlag(hugePageSize),
    pageSize: hugePageSize ?? pageSize(-1),
    near: isAdvised ? alignedPlace(size) : undefined,
    transparent: isAdvised ? (shared ? "shmem_enabled" : "enabled") : undefined,
  });
}

/** Those of explicit huge pages stand ready in their pool. */
function demandPages({ size }: Checked, hugePageSize: number | undefined): void {
  if (hugePageSize === undefined) demandMemory(size, () => attempt(size));
}

/**
 * Memory of this process alone: no name, no descriptor, nobody else can map it.
 *
 * For what must be on certain pages: huge ones, locked ones, those of a NUMA node. For memory that processes share there
 * is `SharedMemory`. All zeros at first. `close()` empties every view before the memory goes, and a late access reads
 * `undefined` or throws. Workers see it only by its address.
 *
 * @see https://man7.org/linux/man-pages/man2/mmap.2.html
 * @example
 * ```ts
 * import { AnonymousMemory } from "@linux-ipc/core";
 * const memory = AnonymousMemory.create({ size: 3 << 20, hugePages: "try" });
 * console.log(memory.size); // 4194304
 * console.log(memory.hugePages === "2MB" ? memory.pageSize === 2 ** 21 : memory.pageSize < 2 ** 21); // true
 * memory.close();
 * ```
 */
export class AnonymousMemory {
  readonly #mapping: Mapping;
  #isOpen = true;

  private constructor(mapping: Mapping) {
    if (mapping?.address === undefined) refuseNew(AnonymousMemory);
    this.#mapping = mapping;
    reportLeak(this, "Anonymous memory");
  }

  /**
   * mmap(2) with MAP_ANONYMOUS. The pages come at their first use, unless an option makes them present now.
   *
   * @throws {IpcError} ENOMEM too little memory, or too few huge pages: the message says how many are free and which
   * setting to change, or how much memory there is to `populate` or lock; EPERM, EAGAIN it may not be locked; EPERM a
   * profile refuses NUMA calls; EFAULT
   * @throws {RangeError} a bad size, an unknown NUMA node, more than this runtime's ArrayBuffer can hold
   */
  static create(options: AnonymousMemoryOptions): AnonymousMemory {
    const checked = checkAll(options);
    return withHugePages(
      checked.hugePages,
      (hugePageSize) => AnonymousMemory.#make(checked, hugePageSize, false),
      ({ isAdvised }) => AnonymousMemory.#make(checked, undefined, isAdvised),
    );
  }

  static #make(options: Checked, hugePageSize: number | undefined, isAdvised: boolean): AnonymousMemory {
    if (options.locked || options.populate) demandPages(options, hugePageSize);
    const memory = new AnonymousMemory(map(options, hugePageSize, isAdvised));
    try {
      if (options.node !== undefined) bind(memory, { node: options.node });
      if (options.locked) lockMemory(memory);
      else if (options.populate || hugePageSize !== undefined) prefault(memory);
      return memory;
    } catch (error) {
      memory.close();
      throw error;
    }
  }

  /** All of the memory as bytes. Length 0 after `close()`. */
  get bytes(): Uint8Array {
    return this.#mapping.bytes;
  }

  /** The memory's one ArrayBuffer, for typed arrays of your own. Length 0 after `close()`. Transferred, it stays mapped. */
  get buffer(): ArrayBuffer {
    return this.#mapping.buffer;
  }

  /** Bytes mapped; 0 after `close()`. */
  get size(): number {
    return this.buffer.byteLength;
  }

  /** Where the memory stands in this process: for FFI calls of your own. */
  get address(): number {
    return this.#mapping.address;
  }

  /** Bytes of one page. */
  get pageSize(): number {
    return this.#mapping.pageSize;
  }

  /** The huge pages that were got; `"transparent"` where only advice could be given; undefined without any. */
  get hugePages(): HugePages | undefined {
    return this.#mapping.hugePages;
  }

  /** Always false: the memory is this process's own. */
  get readOnly(): boolean {
    return false;
  }

  /** Empties every view and gives the memory back. Closing twice is fine. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    forgetLeak(this);
    this.#mapping.close();
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ size: this.size, closed: !this.#isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
