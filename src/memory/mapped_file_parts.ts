// The ways into a mapped file: what is checked, opened or made, reserved, mapped and made present, in this order.

import { dirname } from "node:path";
import { errno } from "../sys/errno.ts";
import { type Attempt, IpcError } from "../sys/error.ts";
import { checkBoolean, checkInteger, checkMode, checkOptions } from "../sys/validate.ts";
import { prefault } from "./advice.ts";
import { createFile, orClose } from "./file.ts";
import { demandLockable, lockMemory, unlockMemory } from "./lock_memory.ts";
import type { MappedFileCreateOptions, MappedFileOpenOptions, MappedFilePresence } from "./mapped_file_options.ts";
import type { MappedMemory } from "./mapped_range.ts";
import { checkPageOffset, demandMappable, MAKE_ELSEWHERE, Mapping, type MappingRequest } from "./mapping.ts";
import type { MemoryRegion } from "./memory_region.ts";
import { directoryOf, openRegular, regularSize } from "./regular_file.ts";
import { reserve } from "./reservation.ts";

/** 2 ** 48: more than any machine has, and exact in a double. */
export const SIZE_MAX = 2 ** 48;
const PRESENCE = ["populate", "locked"];

/** What an open MappedFile is made of. */
export interface MappedFileParts {
  readonly path: string;
  /** Where the file's name stands; absolute. */
  readonly directory: string;
  readonly fd: number;
  /** Where the mapping starts in the file. */
  readonly fileOffset: number;
  readonly isWindow: boolean;
  readonly created: boolean;
  readonly presence: MappedFilePresence;
  readonly mapping: Mapping;
}

function checkPresence({ populate = false, locked = false }: MappedFilePresence): MappedFilePresence {
  return { populate: checkBoolean(populate, "populate"), locked: checkBoolean(locked, "locked") };
}

/** Makes pages present as the options say. */
function makePresent(memory: MappedMemory, { populate, locked }: MappedFilePresence): void {
  if (locked) lockMemory(memory);
  else if (populate) prefault(memory);
}

function mapPresent(request: MappingRequest, presence: MappedFilePresence): Mapping {
  const mapping = new Mapping(request);
  try {
    makePresent(mapping, presence);
    return mapping;
  } catch (error) {
    mapping.close();
    throw error;
  }
}

/** As it was before, but that pages which have left meanwhile, or were cut off, are locked when they come again. */
function lockAgain(memory: MappedMemory): void {
  try {
    lockMemory(memory, { onFault: true });
  } catch {
    // what has failed before is what the caller must hear of
  }
}

/**
 * Maps a file that `extend` makes longer, and makes it present. Where that fails the old mapping is as it was: the caller
 * closes it only afterwards. Both at once may be more than this process may lock, so the old one is unlocked meanwhile.
 */
export function mapAnew(
  old: Mapping,
  request: MappingRequest,
  presence: MappedFilePresence,
  extend: () => void,
): Mapping {
  const isLocked = presence.locked && old.size > 0;
  if (isLocked) unlockMemory(old);
  try {
    if (presence.locked) demandLockable(request.length); // nobody would make the file shorter again
    extend();
    return mapPresent(request, presence);
  } catch (error) {
    if (isLocked) lockAgain(old);
    throw error;
  }
}

/** Opens and maps a file that exists. */
export function openParts(path: string, options: MappedFileOpenOptions): MappedFileParts {
  checkOptions(options, ["readOnly", "offset", "length", ...PRESENCE], "MappedFile.open");
  const readOnly = checkBoolean(options.readOnly ?? false, "readOnly");
  const presence = checkPresence(options);
  const start = checkInteger(options.offset ?? 0, "offset", 0, SIZE_MAX);
  checkInteger(options.length ?? 1, "length", 1, SIZE_MAX);
  const directory = directoryOf(path);
  const attempt = () => ({ syscall: "open", doing: `open mapped file ${path}`, path });
  const { fd, size } = openRegular(path, readOnly, attempt);
  return orClose(fd, () => {
    const hint = "it is empty, and nothing cannot be mapped; openOrCreate gives it a size";
    if (size === 0) throw new IpcError(errno.EINVAL, { ...attempt(), syscall: "mmap", hint });
    const fileOffset = checkInteger(start, "offset", 0, size - 1);
    checkPageOffset(fd, fileOffset);
    const length = checkInteger(options.length ?? size - fileOffset, "length", 1, size - fileOffset);
    const mapping = mapPresent({ fd, offset: fileOffset, length, readOnly, attempt }, presence);
    return {
      path,
      directory,
      fd,
      fileOffset,
      isWindow: length !== size,
      created: false,
      presence,
      mapping,
    };
  });
}

interface CheckedCreate {
  readonly size: number;
  readonly mode: number;
  readonly isSparse: boolean;
  readonly presence: MappedFilePresence;
}

function checkCreate(options: MappedFileCreateOptions, what: string): CheckedCreate {
  checkOptions(options, ["size", "mode", "sparse", ...PRESENCE], what);
  const size = checkInteger(options?.size, "size", 1, SIZE_MAX);
  const isSparse = checkBoolean(options.sparse ?? false, "sparse");
  return { size, mode: checkMode(options.mode ?? 0o600), isSparse, presence: checkPresence(options) };
}

const whole = { fileOffset: 0, isWindow: false };

/** Makes and maps a new file, which gets its name only when it is complete. */
export function createParts(path: string, options: MappedFileCreateOptions, what: string): MappedFileParts {
  const { size, mode, isSparse, presence } = checkCreate(options, what);
  const directory = directoryOf(path);
  const attempt = () => ({ syscall: "open", doing: `create mapped file ${path}`, path });
  let mapping: Mapping | undefined;
  try {
    const ifTaken = "open it, or use openOrCreate";
    const ifNoLinks = "openOrCreate gives a size to an empty file that something else has made there";
    const fd = createFile({ path, size, mode, isSparse, ifTaken, ifNoLinks, attempt }, (fd) => {
      const ifTooLarge = MAKE_ELSEWHERE;
      mapping = mapPresent({ fd, offset: 0, length: size, readOnly: false, attempt, ifTooLarge }, presence);
    });
    return { ...whole, path, directory, fd, created: true, presence, mapping: mapping as unknown as Mapping };
  } catch (error) {
    mapping?.close();
    throw error;
  }
}

function demandSize(fd: number, size: number, options: CheckedCreate, attempt: () => Attempt & { path: string }): void {
  const { size: asked, isSparse } = options;
  const hint = `it exists with ${size} bytes, ${asked} asked; open it and grow it`;
  if (size > 0 && size < asked) throw new IpcError(errno.EINVAL, { ...attempt(), hint });
  if (size === 0) reserve({ fd, size: asked, isSparse, directory: dirname(attempt().path) }, attempt);
}

/** Opens and maps a file that exists and is large enough, or empty. */
export function openSizedParts(path: string, options: MappedFileCreateOptions, what: string): MappedFileParts {
  const checked = checkCreate(options, what);
  const directory = directoryOf(path);
  const attempt = () => ({ syscall: "open", doing: `open mapped file ${path}`, path });
  const { fd, size } = openRegular(path, false, attempt);
  return orClose(fd, () => {
    const length = Math.max(size, checked.size);
    demandMappable(length, attempt, size === 0 ? MAKE_ELSEWHERE : undefined);
    demandSize(fd, size, checked, attempt);
    const mapping = mapPresent({ fd, offset: 0, length, readOnly: false, attempt }, checked.presence);
    return { ...whole, path, directory, fd, created: false, presence: checked.presence, mapping };
  });
}

/**
 * What was written behind the file's end is nowhere, even where no page has been missed yet, and what went into a hole that
 * a full disk could not fill: EIO. A file that is long again leaves both to be said.
 */
export function checkWhole(file: MemoryRegion, attempt: () => Attempt): void {
  const [size, end] = [regularSize(file.fd, attempt), file.fileOffset + file.size];
  const shorter = `the file was made smaller: it has ${size} bytes, and is mapped up to byte ${end}`;
  if (size < end) throw new IpcError(errno.EIO, { ...attempt(), hint: shorter });
  const hint = `${file.lostPages} pages are lost: the disk was full as they were written, or the file was smaller then`;
  if (file.lostPages) throw new IpcError(errno.EIO, { ...attempt(), hint });
}
