// MappedFile: a file's bytes as memory, shared by all who map it, kept when they are gone.

import { MS_ASYNC, MS_SYNC, msync, punchHole } from "../sys/advice.ts";
import { errno } from "../sys/errno.ts";
import { type Attempt, CLOSED_HERE, check, IpcError } from "../sys/error.ts";
import { fieldsOf, INSPECT, type Shown, shown } from "../sys/inspect.ts";
import * as sys from "../sys/memory.ts";
import { checkBoolean, checkInteger, checkOptions, demandOptions, refuseNew } from "../sys/validate.ts";
import { type Advice, advise } from "./advice.ts";
import { Dependents } from "./dependents.ts";
import { openOrCreate } from "./file.ts";
import type { HugePages } from "./huge_pages.ts";
import { forgetLeak, reportLeak } from "./leak.ts";
import type {
  MappedFileCreateOptions,
  MappedFileGrowOptions,
  MappedFileOpenOptions,
  MappedFileSyncOptions,
} from "./mapped_file_options.ts";
import {
  checkWhole,
  createParts,
  type MappedFileParts,
  mapAnew,
  openParts,
  openSizedParts,
  SIZE_MAX,
} from "./mapped_file_parts.ts";
import { type ByteRange, spanOf, touchedPages } from "./mapped_range.ts";
import { demandMappable, MAKE_ELSEWHERE, type Mapping } from "./mapping.ts";
import { checkPath, regularSize, startWriting, syncDirectory } from "./regular_file.ts";
import { reserve } from "./reservation.ts";

/**
 * A file as memory: whoever maps it sees the same bytes, and they are there again after the last process has ended.
 *
 * What is written is in the file at once for every process, and survives `kill -9`; only a power loss needs `sync`.
 * Creation is exclusive and atomic, nothing here ever makes a file smaller, and the space is reserved: a full disk is an
 * error at creation. When somebody else makes the file smaller, the lost pages read as zeros, `lostPages` counts them,
 * and `sync` refuses; `grow` to the old size maps the file whole again. `close()` empties every view before the memory
 * goes: a late access reads `undefined` or throws. Nothing orders the bytes for you: use `Atomics`, a lock or
 * `LatestValue`. Links are not followed. Call from any thread; a Worker opens its own.
 *
 * @see https://man7.org/linux/man-pages/man2/mmap.2.html
 * @example
 * ```ts
 * import { rmSync } from "node:fs";
 * import { MappedFile } from "@linux-ipc/core";
 * const path = `/tmp/linux-ipc-example-book-${process.pid}`;
 * const book = MappedFile.create(path, { size: 4096 });
 * book.bytes[0] = 42;
 * book.sync();
 * book.close();
 * const again = MappedFile.open(path, { readOnly: true }); // usually in another process, or tomorrow
 * console.log(again.bytes[0], again.size); // 42 4096
 * again.close();
 * rmSync(path);
 * ```
 */
export class MappedFile {
  readonly #parts: MappedFileParts;
  #mapping: Mapping;
  readonly #dependents = new Dependents();
  #isOpen = true;
  #isNameSynced = false;

  private constructor(parts: MappedFileParts) {
    if (parts?.mapping === undefined) refuseNew(MappedFile);
    this.#parts = parts;
    this.#mapping = parts.mapping;
    reportLeak(this, `Mapped file ${parts.path}`);
  }

  /**
   * open(2) and mmap(2): maps a file that exists, whole or a window of it.
   *
   * @throws {IpcError} ENOENT no such file; EACCES not permitted; EISDIR it is a directory; EINVAL it is empty; ELOOP it
   * is a symbolic link; ENODEV it is not a regular file; EROFS, EMFILE
   * @throws {RangeError} a window outside the file, or more than this runtime's ArrayBuffer can hold (4 GiB on Bun)
   */
  static open(path: string | URL, options: MappedFileOpenOptions = {}): MappedFile {
    return new MappedFile(openParts(checkPath(path), options));
  }

  /**
   * Makes a new file, all zeros. It gets its name when it is complete: nobody ever opens half of it, and a creator that
   * is killed leaves nothing.
   *
   * @throws {IpcError} EEXIST the name is taken; ENOSPC the disk is full; ENOENT, ENOTDIR no such directory; EPERM there
   * are no hard links, as in FAT: give `openOrCreate` an empty file; EACCES, EROFS, EDQUOT, EFBIG, EMFILE, EOPNOTSUPP
   * @throws {RangeError} a bad size or mode
   */
  static create(path: string | URL, options: MappedFileCreateOptions): MappedFile {
    return new MappedFile(createParts(checkPath(path), options, "MappedFile.create"));
  }

  /**
   * Opens the file, or creates it; `created` tells which. What exists keeps every byte; an empty file, which holds none,
   * is given the size.
   *
   * @throws {IpcError} as `create` and `open`; EINVAL it exists and is smaller than asked: open it and `grow`
   */
  static openOrCreate(path: string | URL, options: MappedFileCreateOptions): MappedFile {
    const file = checkPath(path);
    const what = "MappedFile.openOrCreate";
    const parts = openOrCreate(
      options,
      () => openSizedParts(file, options, what),
      () => createParts(file, options, what),
    );
    return new MappedFile(parts);
  }

  #attempt(doing: string, syscall: string): Attempt {
    return { doing: `${doing} mapped file ${this.path}`, syscall, path: this.path };
  }

  /** The path as it was given. */
  get path(): string {
    return this.#parts.path;
  }

  /** The path, as the name that messages call it by. */
  get name(): string {
    return this.#parts.path;
  }

  /** All of the mapping as bytes. Length 0 after `close()`. */
  get bytes(): Uint8Array {
    return this.#mapping.bytes;
  }

  /** The mapping's one ArrayBuffer, for typed arrays of your own. Length 0 after `close()`. Transferred, it stays mapped. */
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

  /** Bytes of one page: more than usual for files in a hugetlbfs. */
  get pageSize(): number {
    return this.#mapping.pageSize;
  }

  /** The size of the file's huge pages where it lies in a hugetlbfs, else undefined. */
  get hugePages(): HugePages | undefined {
    return this.#mapping.hugePages;
  }

  /** Where the mapping starts in the file: not 0 for a window. */
  get fileOffset(): number {
    return this.#parts.fileOffset;
  }

  /** Whether this call made the file. */
  get created(): boolean {
    return this.#parts.created;
  }

  /** Whether writes stay private to this process. */
  get readOnly(): boolean {
    return this.#mapping.readOnly;
  }

  /** The open descriptor; -1 after `close()`. */
  get fd(): number {
    return this.#isOpen ? this.#parts.fd : -1;
  }

  /** Pages that somebody has cut off the file, or that a full disk refused; they read as zeros. 0 in a sound world. */
  get lostPages(): number {
    return this.#mapping.lostPages;
  }

  /**
   * posix_fallocate(3): makes the file at least `size` bytes long and maps it anew, with what others have added.
   *
   * `bytes` and `buffer` are replaced, and views of the old ones get length 0. The new bytes are zeros, and reserved
   * unless `sparse`. Peers keep what they have mapped. Objects that lie over the file are closed, and advice is
   * forgotten: lay and give them anew. Where it throws, all that is mapped stays as it was. (If pages could not be
   * made present, the file is longer by then, and stays so, since others may have mapped it.)
   *
   * @throws {RangeError} smaller than now, a window, a read-only file, or more than this runtime's ArrayBuffer can hold
   * @throws {IpcError} ENOSPC, EDQUOT, EFBIG; EBADF it is closed; of a file that is `locked` or populated ENOMEM, EAGAIN,
   * EPERM, EFAULT, too
   */
  grow(size: number, options: MappedFileGrowOptions = {}): void {
    const attempt = () => this.#attempt("grow", "posix_fallocate");
    checkOptions(options, ["sparse"], "grow");
    const isSparse = checkBoolean(options.sparse ?? false, "sparse");
    if (!this.#isOpen) throw new IpcError(errno.EBADF, { ...attempt(), hint: CLOSED_HERE });
    checkInteger(size, "size", this.size, SIZE_MAX);
    const { fd, isWindow, directory, presence } = this.#parts;
    if (this.readOnly || isWindow)
      throw new RangeError("Cannot grow a window or a read-only file: open it whole and writable");
    const from = regularSize(fd, attempt);
    const length = Math.max(from, size);
    demandMappable(length, attempt, from < size ? MAKE_ELSEWHERE : undefined);
    const old = this.#mapping;
    this.#mapping = mapAnew(old, { fd, offset: 0, length, readOnly: false, attempt }, presence, () => {
      if (from < size) reserve({ fd, size, from, isSparse, directory }, attempt);
    });
    this.#dependents.close();
    old.close();
  }

  /**
   * msync(2): returns when what was written is on the disk and survives a power loss. Blocks this thread meanwhile.
   *
   * Nobody needs it to see what others wrote, nor against `kill -9`. With `async` the disk starts and nobody waits
   * (sync_file_range(2)), which promises nothing yet. The first one that waits makes the file's name durable too, whoever
   * has made the file; but where it existed and its directory may not be read, the name is its creator's concern.
   *
   * @throws {IpcError} EIO the disk failed, or pages are lost, to a full disk or a smaller file; ENOSPC, EDQUOT;
   * EBADF it is closed
   * @throws {RangeError} a read-only file, a range outside the mapping
   */
  sync(options: MappedFileSyncOptions = {}): void {
    checkOptions(options, ["async", "offset", "length"], "sync");
    const { async: isAsync = false, ...range } = options;
    checkBoolean(isAsync, "async");
    if (this.readOnly)
      throw new RangeError("Cannot sync a read-only file: what is written to it stays in this process");
    const action = this.#attempt("sync", "msync");
    const { address, length } = touchedPages(this, range, action);
    checkWhole(this, () => action);
    check(msync(address, length, isAsync ? MS_ASYNC : MS_SYNC), () => action);
    const { fd, fileOffset } = this.#parts;
    if (isAsync) startWriting(fd, fileOffset + address - this.address, length, () => action);
    else if (!this.#isNameSynced) syncDirectory(this.#parts, () => action);
    this.#isNameSynced ||= !isAsync;
  }

  /** madvise(2) for this mapping: as the function `advise`. */
  advise(advice: Advice, range: ByteRange = {}): void {
    advise(this, advice, range);
  }

  /**
   * fallocate(2) with FALLOC_FL_PUNCH_HOLE: the range reads as zeros, byte for byte, and its whole blocks are free again.
   *
   * Everybody who maps the file sees it. The space is no longer reserved: writing there again may meet a full disk.
   *
   * @throws {IpcError} EOPNOTSUPP the file system cannot; EBADF it is closed
   * @throws {RangeError} a read-only file, a range outside the mapping
   */
  punchHole(range: ByteRange): void {
    demandOptions(range, ["offset", "length"], "punchHole");
    if (this.readOnly) throw new RangeError("Cannot punch a hole into a read-only file");
    const action = this.#attempt("punch a hole into", "fallocate");
    const { start, end } = spanOf(this, range, action);
    const { fd, fileOffset } = this.#parts;
    check(punchHole(fd, fileOffset + start, end - start), () => action);
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

  /** Empties every view, unmaps, closes the descriptor. Closing twice is fine. The file stays. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    forgetLeak(this);
    this.#dependents.close();
    this.#mapping.close();
    sys.close(this.#parts.fd);
  }

  /** For JSON and consoles. @internal */
  toJSON(): Shown {
    return fieldsOf(() => ({ path: this.path, size: this.size, closed: !this.#isOpen }));
  }

  [INSPECT](): string {
    return shown(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
