// JoinedHere: who has joined a table in this thread, the main one or a Worker, by whichever mapping of it.

import { fstat } from "../sys/memory.ts";
import * as layout from "./layout.ts";
import type { MemoryRegion } from "./memory_region.ts";

/** Of all tables: the file, the place in it, and the owner id. */
const joined = new Set<string>();

/** One table. */
export class JoinedHere {
  readonly #memory: MemoryRegion;
  readonly #offset: number;
  /** The file and the place in it, by which two mappings of one table are known as one. */
  #table: string | undefined;

  constructor(memory: MemoryRegion, offset: number) {
    this.#memory = memory;
    this.#offset = offset;
  }

  #key(owner: number): string {
    const { fd, fileOffset } = this.#memory;
    if (this.#table === undefined) {
      const status = fstat(fd);
      const file = typeof status === "object" ? `${status.device} ${status.inode}` : "none";
      this.#table = `${file} ${fileOffset + this.#offset}`;
    }
    return `${this.#table} ${owner & layout.OWNER_MASK}`;
  }

  has(owner: number): boolean {
    return owner !== 0 && joined.has(this.#key(owner));
  }

  add(owner: number): void {
    joined.add(this.#key(owner));
  }

  delete(owner: number): void {
    joined.delete(this.#key(owner));
  }
}
