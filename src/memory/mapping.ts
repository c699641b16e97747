// One mapping and its one ArrayBuffer: made together, guarded against lost backing, closed in the safe order.

import { errno } from "../sys/errno.ts";
import { type Attempt, check, IpcError } from "../sys/error.ts";
import * as sys from "../sys/memory.ts";

export interface MappingRequest {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
  readonly readOnly: boolean;
  readonly attempt: () => Attempt;
}

/** Memory of a file, mapped into this process. */
export class Mapping {
  readonly address: number;
  readonly length: number;
  readonly buffer: ArrayBuffer;
  readonly #guard: number;
  #isOpen = true;

  constructor({ fd, offset, length, readOnly, attempt }: MappingRequest) {
    // A read-only file is mapped privately and writable: a stray store then stays with its culprit, where a read-only
    // page would kill the process. What others write is seen all the same.
    const flags = readOnly ? sys.MAP_PRIVATE : sys.MAP_SHARED;
    const address = check(sys.mmap(length, sys.PROT_READ | sys.PROT_WRITE, flags, fd, offset), () => ({
      ...attempt(),
      syscall: "mmap",
    }));
    const buffer = sys.view(address, length);
    if (buffer === undefined) {
      sys.munmap(address, length);
      throw new RangeError(
        `Cannot ${attempt().doing}: this runtime's ArrayBuffer cannot hold ${length} bytes (open a window of it with offset and length)`,
      );
    }
    this.address = address;
    this.length = length;
    this.buffer = buffer;
    this.#guard = sys.guardAdd(address, length);
  }

  /** Pages that were lost under us, because somebody truncated the file; they read as zeros now. */
  get lostPages(): number {
    return this.#isOpen && this.#guard >= 0 ? sys.guardFaults(this.#guard) : 0;
  }

  /** Every view gets length 0, then the memory goes. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    sys.detach(this.buffer);
    if (this.#guard >= 0) sys.guardRemove(this.#guard);
    sys.munmap(this.address, this.length);
  }
}

/** The file's size; a file that is still being sized by its creator (a C program) is waited for. */
export function sizeOnceSet(fd: number, timeoutMs: number, attempt: () => Attempt): number {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + timeoutMs;
  for (;;) {
    const status = sys.fstat(fd);
    if (typeof status === "number") throw new IpcError(-status, { ...attempt(), syscall: "fstat" });
    if ((status.mode & sys.S_IFMT) !== sys.S_IFREG) {
      throw new IpcError(errno.EINVAL, { ...attempt(), syscall: "fstat", hint: "it is not a regular file" });
    }
    if (status.size > 0) return status.size;
    if (performance.now() >= end) {
      const hint = `its size is still 0 after ${timeoutMs} ms: its creator has not called ftruncate`;
      throw new IpcError(errno.ETIMEDOUT, { ...attempt(), syscall: "fstat", hint });
    }
    Atomics.wait(sleeper, 0, 0, 1);
  }
}
