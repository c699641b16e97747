// Space for files: asked about before any is taken, and given back where not all of it could be had.
//
// A file system such as ext4 keeps what it got before it was full, and makes the file longer as it goes on. So a file that
// others may have open gets its space behind its end, and only then its size. Where that fails, it is cut to the very size
// that it has, which gives back what lies behind. Whoever made it longer at that instant would lose by it; so calls of this
// library take turns, by a lock on one byte of the file, and a stranger finds the disk full then. tmpfs gives back by
// itself, and a file without a name as it is closed.

import { pageSize, punchHole } from "../sys/advice.ts";
import { errno } from "../sys/errno.ts";
import { type Attempt, IpcError } from "../sys/error.ts";
import * as sys from "../sys/memory.ts";
import { whileLocking } from "../sys/owned.ts";
import { demandMemory, LEAST_BYTES } from "./available.ts";
import { hugePagesHint, hugeRoom } from "./huge_pages.ts";
import { DIRECTORY } from "./name.ts";
import { takeByte } from "./record_lock.ts";

/** What is reserved in a file, and where it lies. */
export interface Reservation {
  readonly fd: number;
  /** Bytes from the file's start that there must be. */
  readonly size: number;
  /** From where on space is reserved, in tmpfs. Elsewhere it is from the file's end on. */
  readonly from?: number;
  /** Leave a hole, and reserve nothing but the last byte's block. */
  readonly isSparse?: boolean;
  /** Nobody else has the file: what it got goes when it is closed. */
  readonly isNew?: boolean;
  readonly directory?: string;
}

/** Behind every byte, and beside the one that is locked for a file's name (unlinking.ts). */
const SIZE_BYTE = 2 ** 52 + 1;

const isHuge = (fd: number): boolean => pageSize(fd) > pageSize(-1);

function sizeOf(fd: number): number {
  const status = sys.fstat(fd);
  return typeof status === "number" ? 0 : status.size;
}

/** The first byte behind the huge page in which the byte before this one lies. */
const pageEnd = (fd: number, byte: number): number => Math.ceil(byte / pageSize(fd)) * pageSize(fd);

/** Bytes from the one to the other; huge pages are had whole, and the first one's begin is there. */
const bytesBetween = (fd: number, start: number, end: number): number =>
  isHuge(fd) ? pageEnd(fd, end) - pageEnd(fd, start) : end - start;

/** What the file system has; undefined where it does not tell, or has no limit of its own, as that of memfds. */
function spaceOf(fd: number): sys.FileSystemStatus | undefined {
  const space = sys.fileSystemOf(fd);
  return typeof space === "number" || space.total === 0 ? undefined : space;
}

function spaceHint({ fd, directory = DIRECTORY }: Reservation, missing: number): string | undefined {
  const space = spaceOf(fd);
  if (space === undefined) return undefined;
  const state = `${directory} has ${space.free} bytes free of ${space.total}, ${missing} asked`;
  if (directory !== DIRECTORY) return state;
  return `${state}; enlarge it with mount -o remount,size=..., in Docker with --shm-size`;
}

/** Asks for the figures only now: what a failed reservation had got has been given back. */
function refusal(number: number, reservation: Reservation, missing: number, attempt: () => Attempt): IpcError {
  const { fd } = reservation;
  const hints: Record<number, () => string | undefined> = {
    [errno.EOPNOTSUPP]: () => "this file system cannot reserve space",
    [errno.ENOSPC]: () => (isHuge(fd) ? hugePagesHint(pageSize(fd), missing) : spaceHint(reservation, missing)),
  };
  return new IpcError(number, { ...attempt(), syscall: "posix_fallocate", hint: hints[number]?.() });
}

/** A hugetlbfs with limits of its own tells of them; those may keep pages for it that the pool counts as promised. */
function roomOf(fd: number): number {
  const space = spaceOf(fd);
  if (space !== undefined) return space.free;
  return isHuge(fd) ? hugeRoom(pageSize(fd)) : Number.POSITIVE_INFINITY;
}

/** Refuses what the file system or the pool of huge pages has not, before it has given all that it has. */
function demandSpace(reservation: Reservation, missing: number, attempt: () => Attempt): void {
  if (missing > roomOf(reservation.fd)) throw refusal(errno.ENOSPC, reservation, missing, attempt);
}

/** Pages of tmpfs are memory. What stands there already needs no new ones. */
function demandPages(fd: number, start: number, end: number, attempt: () => Attempt): void {
  if (end - start < LEAST_BYTES || !sys.isInMemory(fd)) return;
  demandMemory(end - Math.max(start, sizeOf(fd)), attempt);
}

/** Where the kernel or a close gives back what was got, or there is but one block to get. */
function reserveAtOnce(reservation: Reservation, attempt: () => Attempt): void {
  const { fd, size, from = 0, isSparse = false, isNew = false } = reservation;
  const start = isSparse ? size - 1 : from;
  const missing = bytesBetween(fd, isHuge(fd) ? from : start, size); // who maps a hole of huge pages has them reserved
  if (isNew || isHuge(fd)) demandSpace(reservation, missing, attempt); // of another file, some may be there already
  demandPages(fd, start, size, attempt);
  const result = sys.fallocate(fd, start, size - start);
  if (result >= 0) return;
  if (isNew) sys.ftruncate(fd, 0); // before its figures are told
  throw refusal(-result, reservation, missing, attempt);
}

/** Space first, and the size once it is there; where the file system knows no space behind the end, both together. */
function extend(fd: number, start: number, size: number): number {
  const result = sys.preallocate(fd, start, size - start);
  if (result === -errno.EOPNOTSUPP) return sys.fallocate(fd, start, size - start);
  return result < 0 ? result : sys.fallocate(fd, size - 1, 1); // which never makes a file smaller
}

/**
 * ftruncate(2) to the size that a file has gives back what lies behind it. Nothing is cut, as long as nobody else adds. A
 * hugetlbfs takes no size that is no whole page, and knows holes behind the end, which others do not.
 */
function giveBack(fd: number, end: number): void {
  const status = sys.fstat(fd);
  if (typeof status !== "object") return;
  const first = pageEnd(fd, status.size);
  if (!isHuge(fd)) sys.ftruncate(fd, status.size);
  else if (first < end) punchHole(fd, first, pageEnd(fd, end) - first);
}

/** Where others may have the file open, and see it growing. */
function reserveBehind(reservation: Reservation, isAlone: boolean, attempt: () => Attempt): void {
  const { fd, size } = reservation;
  const start = sizeOf(fd);
  if (start >= size) return; // somebody else has been faster
  // Who has reserved space behind the end has paid for it, and keeps it. Where nobody tells, there is none.
  const had = Math.max(0, sys.allocated(fd, start, size - start));
  const missing = bytesBetween(fd, start, size) - had;
  demandSpace(reservation, missing, attempt);
  const result = extend(fd, start, size);
  if (result >= 0) return;
  if (isAlone && had < pageSize(-1)) giveBack(fd, size); // the last block may reach beyond the end
  throw refusal(-result, reservation, missing, attempt);
}

/**
 * Reserves space now, so that a full file system is ENOSPC here and never SIGBUS later. Never makes a file smaller. Where
 * it throws, the file is as long as before and has what it had. (Space that has run out after it was asked about is not
 * given back where the file system knows none behind a file's end, where there was some before, and where a stranger keeps
 * the file locked.)
 */
export function reserve(reservation: Reservation, attempt: () => Attempt): void {
  const { fd, isSparse = false, isNew = false } = reservation;
  if (isSparse || isNew || sys.isInMemory(fd)) {
    reserveAtOnce(reservation, attempt);
    return;
  }
  whileLocking(fd, () => {
    const isAlone = takeByte(fd, SIZE_BYTE);
    try {
      reserveBehind(reservation, isAlone, attempt);
    } finally {
      if (isAlone) sys.unlockByte(fd, SIZE_BYTE);
    }
  });
}
