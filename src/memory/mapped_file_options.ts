// The options of MappedFile's ways in and of what it does.

import type { ByteRange } from "./mapped_range.ts";

/** What every way in may ask of the mapping. */
export interface MappedFilePresence {
  /** As MAP_POPULATE: read all of it now, and say so when a page cannot be had; false unless said. */
  populate?: boolean | undefined;
  /** As MAP_LOCKED: read all of it now and keep it in memory; false unless said. */
  locked?: boolean | undefined;
}

/** How `MappedFile.open` opens. */
export interface MappedFileOpenOptions extends MappedFilePresence {
  /**
   * Map the file privately (MAP_PRIVATE): writes stay in this process and never reach the file; false unless said. A page
   * that this process has written shows no more of what others write. In Bun Atomics.load writes, too: poll with
   * `loadOrdered`.
   */
  readOnly?: boolean | undefined;
  /** Where the window starts, bytes; a multiple of the page size. */
  offset?: number | undefined;
  /** How long the window is, bytes; to the file's end unless said. */
  length?: number | undefined;
}

/** How `MappedFile.create` and `openOrCreate` make a file. */
export interface MappedFileCreateOptions extends MappedFilePresence {
  /** Bytes; reserved at once, unless `sparse`. */
  size: number;
  /** Permission bits, 0o600 unless said; the umask does not touch them. */
  mode?: number | undefined;
  /** Leave a hole that takes no space until it is written; a full disk then loses pages. False unless said. */
  sparse?: boolean | undefined;
}

/** How `MappedFile.sync` writes back, and which pages: those that the range touches, all unless said. */
export interface MappedFileSyncOptions extends ByteRange {
  /** Start writing and do not wait for the disk; false unless said. */
  async?: boolean | undefined;
}

/** How `MappedFile.grow` grows. */
export interface MappedFileGrowOptions {
  /** Leave a hole in place of reserved space; false unless said. */
  sparse?: boolean | undefined;
}
