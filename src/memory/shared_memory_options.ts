// The options of SharedMemory's ways in, and their checks, before any system call.

import { checkBoolean, checkInteger, checkMode, checkOptions } from "../sys/validate.ts";
import { checkHugePages, type HugePagesRequest } from "./huge_pages.ts";
import { PAGE_SIZE } from "./layout.ts";
import type { MemfdRequest } from "./memfd.ts";

/** How `SharedMemory.create` and `openOrCreate` make memory. */
export interface SharedMemoryCreateOptions {
  /** Bytes; reserved at once. */
  size: number;
  /** Permission bits, 0o600 unless said; the umask does not touch them. */
  mode?: number | undefined;
  /**
   * close() also removes the name, if it still leads to this object, and if this user may: its owner and root, as /dev/shm is
   * sticky. For others it stays, and `unlink` tells them so (EPERM).
   */
  unlinkOnClose?: boolean | undefined;
}

/** Which part of memory that exists is mapped, and how. */
export interface SharedMemoryWindow {
  /**
   * Writes stay private to this process and are seen by nobody. A page that this process has written shows no more of what
   * others write. In Bun Atomics.load writes, too: poll with `loadOrdered`.
   */
  readOnly?: boolean | undefined;
  /** Where the window starts, bytes; a multiple of 4096, or of the size of huge pages. */
  offset?: number | undefined;
  /** How long the window is, bytes; to the end unless said. */
  length?: number | undefined;
}

/** How `SharedMemory.open` opens. */
export interface SharedMemoryOpenOptions extends SharedMemoryWindow {
  /** How long to wait for a creator that has not set the size yet; 1000 unless said. */
  timeoutMs?: number | undefined;
}

/** How `SharedMemory.anonymous` makes memory without a name. */
export interface SharedMemoryAnonymousOptions {
  /** Bytes; reserved at once. */
  size: number;
  /** What /proc/PID/maps shows; "linux-ipc" unless said. */
  label?: string | undefined;
  /** Nobody may ever change the size; true unless said. */
  seal?: boolean | undefined;
  /** Huge pages, all made present at once; ordinary ones unless said. The size is rounded up to whole ones. */
  hugePages?: HugePagesRequest | undefined;
}

/** How `SharedMemory.fromDescriptor` maps what somebody else made. */
export interface SharedMemoryDescriptorOptions extends SharedMemoryWindow {
  /** Accept memory which its sender can still shrink, so that our reads would find zeros. */
  allowUnsealed?: boolean | undefined;
}

/** 2 ** 48: more than any machine has, and exact in a double. */
export const SIZE_MAX = 2 ** 48;

/** The options of a creation, complete. */
export function checkCreation(options: SharedMemoryCreateOptions, what: string): Required<SharedMemoryCreateOptions> {
  checkOptions(options, ["size", "mode", "unlinkOnClose"], what);
  return {
    size: checkInteger(options?.size, "size", 1, SIZE_MAX),
    mode: checkMode(options.mode ?? 0o600),
    unlinkOnClose: checkBoolean(options.unlinkOnClose ?? false, "unlinkOnClose"),
  };
}

/** The options of an anonymous creation, complete. */
export function checkAnonymous(options: SharedMemoryAnonymousOptions): MemfdRequest {
  checkOptions(options, ["size", "label", "seal", "hugePages"], "SharedMemory.anonymous");
  const label: unknown = options?.label ?? "linux-ipc";
  if (typeof label !== "string" || label.includes("\0")) throw new TypeError("label must be a string without NUL");
  if (new TextEncoder().encode(label).length > 249) throw new RangeError("label must have at most 249 bytes");
  const size = checkInteger(options?.size, "size", 1, SIZE_MAX);
  const isSealed = checkBoolean(options.seal ?? true, "seal");
  return { size, label, isSealed, hugePages: checkHugePages(options.hugePages) };
}

/** A window with its defaults; it reaches to the end unless `length` says. */
export type CheckedWindow = Required<Omit<SharedMemoryWindow, "length">> & Pick<SharedMemoryWindow, "length">;

/** What can be known of a window before the size of the object is. */
export function checkWindow({ readOnly = false, offset = 0, length }: SharedMemoryWindow): CheckedWindow {
  checkBoolean(readOnly, "readOnly");
  checkInteger(offset, "offset", 0, SIZE_MAX);
  if (offset % PAGE_SIZE !== 0) throw new RangeError(`offset must be a multiple of ${PAGE_SIZE}, not ${offset}`);
  if (length !== undefined) checkInteger(length, "length", 1, SIZE_MAX);
  return { readOnly, offset, length };
}
