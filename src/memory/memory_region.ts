// MemoryRegion: mapped memory of any kind that an object can be laid over.

import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { checkInteger, withArticle } from "../sys/validate.ts";
import { ALIGNMENT } from "./layout.ts";

/** What `SharedMemory` and `MappedFile` have in common. */
export interface MemoryRegion {
  /** The mapping's one ArrayBuffer. */
  readonly buffer: ArrayBuffer;
  /** Where the mapping stands in this process. */
  readonly address: number;
  /** The open descriptor. */
  readonly fd: number;
  /** Where the mapping starts in the file. */
  readonly fileOffset: number;
  /** Bytes mapped. */
  readonly size: number;
  /** Bytes of one page; an ordinary one's unless said. */
  readonly pageSize?: number;
  /** For messages. */
  readonly name?: string | undefined;
  /** Writes stay private to this process. */
  readonly readOnly?: boolean;
  /** Pages whose backing was taken away. */
  readonly lostPages?: number;
  /** Runs `action` before the memory is unmapped. */
  beforeClose(dependent: object, action: () => void): void;
  /** The dependent has gone. */
  afterClose(dependent: object): void;
  /** Unmaps it. */
  close(): void;
  /** From now on closing also removes the name; only of what has one in `/dev/shm`. */
  unlinkOnClose?(): void;
  /** Writes a range to disk and waits until it is there. */
  sync?(options?: { offset?: number; length?: number }): void;
}

/** Whether it is memory that others can map, and open. Views of such memory are none: they do not say where they lie. */
export function checkRegion(memory: unknown, doing: string): asserts memory is MemoryRegion {
  const { fd, size, beforeClose } = (memory ?? {}) as Partial<MemoryRegion>;
  if (typeof fd !== "number" || typeof beforeClose !== "function")
    throw new TypeError(`Cannot ${doing}: that takes a SharedMemory or a MappedFile, which others can map, too`);
  if (size === 0) throw new IpcError(errno.EBADF, { syscall: "mmap", doing, hint: "the memory is closed" });
}

/** Whether `size` bytes of open memory can stand at that byte. */
export function checkPlace(memory: MemoryRegion, byteOffset: number, size: number, noun: string): void {
  checkRegion(memory, `lay ${withArticle(noun)} over a memory`);
  if (memory.size < size)
    throw new RangeError(`${withArticle(noun)} of ${size} bytes does not fit into a memory of ${memory.size} bytes`);
  checkInteger(byteOffset, "byteOffset", 0, memory.size - size);
  if (byteOffset % ALIGNMENT !== 0)
    throw new RangeError(`byteOffset must be a multiple of ${ALIGNMENT}, not ${byteOffset}`);
}

/** What to say where bytes make no sense, or nobody else sees them: undefined as long as all pages are the file's. */
export function lostPagesHint(lostPages: number | undefined): string | undefined {
  return lostPages ? `${lostPages} pages were lost: somebody truncated the file` : undefined;
}
