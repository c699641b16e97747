// JoinedHere: who has joined a table in this thread, the main one or a Worker, by whichever mapping of it.

import { fstat } from "../sys/memory.ts";
import * as layout from "./layout.ts";
import type { MemoryRegion } from "./memory_region.ts";

/** Of all tables: the file, the place in it, and the owner id. */
const ofThisCopy = new Set<string>();

const JOINED_HERE = Symbol.for("@linux-ipc/core joined here");

/**
 * Those of the first copy of this library in this thread: `bun --hot` and test runners load it again and again, and what an
 * earlier copy still holds would be waited for as long. Made when it is needed, since importing has no side effects.
 */
function joined(): Set<string> {
  const found: Set<string> | undefined = Reflect.get(globalThis, JOINED_HERE);
  if (found === undefined) Reflect.set(globalThis, JOINED_HERE, ofThisCopy); // in vain where nothing may be added
  return found ?? ofThisCopy;
}

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
    return owner !== 0 && joined().has(this.#key(owner));
  }

  add(owner: number): void {
    joined().add(this.#key(owner));
  }

  delete(owner: number): void {
    joined().delete(this.#key(owner));
  }
}
