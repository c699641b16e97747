// Files, memory descriptors and mappings: one typed function per system call. Results are >= 0 or -errno.

import { environment } from "../runtime/environment.ts";
import { scratchDoubles, scratchText } from "./scratch.ts";

/** open(2) flags, the same on x86-64 and aarch64 unless computed. O_CLOEXEC is always added. */
export const O_RDONLY = 0;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NONBLOCK = 0o4000;
const isArm = process.arch === "arm64";
export const O_NOFOLLOW = isArm ? 0o100000 : 0o400000;
export const O_NOATIME = 0o1000000;
export const O_PATH = 0o10000000;
export const O_TMPFILE = 0o20000000 | (isArm ? 0o40000 : 0o200000);

export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const MAP_SHARED = 1;
export const MAP_PRIVATE = 2;
export const MAP_ANONYMOUS = 0x20;
export const MAP_NORESERVE = 0x4000;
export const MAP_HUGETLB = 0x40000;

export const MFD_CLOEXEC = 1;
export const MFD_ALLOW_SEALING = 2;
export const MFD_HUGETLB = 4;
export const F_SEAL_SEAL = 1;
export const F_SEAL_SHRINK = 2;
export const F_SEAL_GROW = 4;
export const F_SEAL_WRITE = 8;

export function open(path: string, flags: number, mode: number): number {
  return environment().calls.open(scratchText(path), flags, mode);
}

export function close(fd: number): number {
  return environment().calls.close(fd);
}

/** linkat(2) of an open descriptor: gives an O_TMPFILE its name. */
export function linkDescriptor(fd: number, path: string): number {
  return environment().calls.link_descriptor(fd, scratchText(path));
}

export function unlink(path: string): number {
  return environment().calls.unlink(scratchText(path));
}

export function fchmod(fd: number, mode: number): number {
  return environment().calls.fchmod(fd, mode);
}

export function ftruncate(fd: number, size: number): number {
  return environment().calls.ftruncate(fd, size);
}

/** posix_fallocate(3). */
export function fallocate(fd: number, offset: number, size: number): number {
  return environment().calls.fallocate(fd, offset, size);
}

/** fallocate(2) with FALLOC_FL_KEEP_SIZE: reserves space, also behind the file's end, which stays where it is. */
export function preallocate(fd: number, offset: number, size: number): number {
  return environment().calls.preallocate(fd, offset, size);
}

/** Bytes of the range that have space already, also behind the file's end; -errno where the file system does not tell. */
export function allocated(fd: number, offset: number, size: number): number {
  return environment().calls.allocated(fd, offset, size);
}

/** Bits of `mode` that say what kind of file it is, and the values of a regular one and of a directory. */
export const S_IFMT = 0o170000;
export const S_IFREG = 0o100000;
export const S_IFDIR = 0o040000;

export interface FileStatus {
  readonly size: number;
  readonly mode: number;
  readonly links: number;
  readonly owner: number;
  readonly device: number;
  readonly inode: number;
}

function statusOf(call: (address: number) => number): FileStatus | number {
  const { result, values } = scratchDoubles(6, call);
  if (result < 0) return result;
  const [size, mode, links, owner, device, inode] = values;
  return { size, mode, links, owner, device, inode };
}

/** fstat(2), or -errno. */
export function fstat(fd: number): FileStatus | number {
  return statusOf((address) => environment().calls.fstat(fd, address));
}

/** lstat(2), or -errno. */
export function lstat(path: string): FileStatus | number {
  return statusOf((address) => environment().calls.lstat(scratchText(path), address));
}

/** What lies in tmpfs, and memfds, is memory and nothing else. */
export const TMPFS_MAGIC = 0x01021994;

export interface FileSystemStatus {
  /** Bytes in all. */
  readonly total: number;
  /** Bytes that this user may still take. */
  readonly free: number;
  /** The number of its kind. */
  readonly type: number;
}

/** statfs(2): the file system that holds `path`, or -errno. */
export function statfs(path: string): FileSystemStatus | number {
  const { result, values } = scratchDoubles(3, (address) => environment().calls.statfs(scratchText(path), address));
  return result < 0 ? result : { total: values[0], free: values[1], type: values[2] };
}

/** The file system that holds the open file, or -errno. */
export function fileSystemOf(fd: number): FileSystemStatus | number {
  return statfs(`/proc/self/fd/${fd}`);
}

/** Whether the open file's pages are memory that only swap space can relieve. */
export function isInMemory(fd: number): boolean {
  const status = fileSystemOf(fd);
  return typeof status === "object" && status.type === TMPFS_MAGIC;
}

export function memfdCreate(name: string, flags: number): number {
  return environment().calls.memfd_create(scratchText(name), flags);
}

export function addSeals(fd: number, seals: number): number {
  return environment().calls.add_seals(fd, seals);
}

export function getSeals(fd: number): number {
  return environment().calls.get_seals(fd);
}

/** mmap(2): the address, `near` the one given if there is room. */
export function mmap(
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
  near: number = 0,
): number {
  return environment().calls.mmap(near, length, protection, flags, fd, offset);
}

export function munmap(address: number, length: number): number {
  return environment().calls.munmap(address, length);
}

/** munmap(2) of what JavaScript has seen: nothing else comes to stand there for a while. */
export function vacate(address: number, length: number): number {
  return environment().calls.vacate(address, length);
}

/** A write lock on one byte of the file, in the descriptor's own name (F_OFD_SETLK, F_OFD_SETLKW). */
export function lockByte(fd: number, offset: number, options: { wait: boolean }): number {
  return environment().calls.lock_byte(fd, offset, options.wait ? 1 : 0);
}

export function unlockByte(fd: number, offset: number): number {
  return environment().calls.unlock_byte(fd, offset);
}

/** Turns SIGBUS in [address, address + length) into a count. The guard's number. */
export function guardAdd(address: number, length: number): number {
  return environment().calls.guard_add(address, length);
}

export function guardRemove(guard: number): number {
  return environment().calls.guard_remove(guard);
}

export function guardFaults(guard: number): number {
  return environment().calls.guard_faults(guard);
}

/** An ArrayBuffer over mapped memory, or undefined when this engine cannot hold one of that length. */
export function view(address: number, length: number): ArrayBuffer | undefined {
  return environment().view(address, length);
}

/** Makes the buffer's length 0 everywhere, so that the memory can be unmapped under it. */
export function detach(buffer: ArrayBuffer): void {
  environment().detach(buffer);
}
