// Drain: the words of a reader-writer lock by which a writer waits for readers to leave, and says that it is in.

import type { MemoryRegion } from "../memory/memory_region.ts";
import { storeOrdered } from "../sys/ordering.ts";
import { notifyAll } from "../wait/eventcount.ts";
import { RWLOCK_DRAIN, RWLOCK_ENTERED, RWLOCK_PREFERS_READERS } from "./layout.ts";

/** Indices in the words that start with the eventcount. */
const PREFERS_READERS = (RWLOCK_PREFERS_READERS - RWLOCK_DRAIN) / 4;
const ENTERED = (RWLOCK_ENTERED - RWLOCK_DRAIN) / 4;

/** The words of the lock at `base` of a memory. */
export class Drain {
  // `private`, not #private: see D34
  /** Whether new readers pass while a writer waits. Read once: waits that begin by one answer must not go on by another. */
  readonly prefersReaders: boolean;
  private readonly words: Int32Array;
  private readonly address: number = 0;

  constructor(memory: MemoryRegion, base: number) {
    this.words = new Int32Array(memory.buffer, base + RWLOCK_DRAIN, 3);
    this.address = memory.address + base + RWLOCK_DRAIN;
    this.prefersReaders = this.words[PREFERS_READERS] === 1;
  }

  /** Whether a writer is in, and not only waiting: changed only by who has the writer's word. */
  get hasEntered(): boolean {
    return this.words[ENTERED] === 1;
  }

  /** SYNC lock: stored between taking the writer's word and giving it back. */
  set hasEntered(yes: boolean) {
    storeOrdered(this.words, ENTERED, yes ? 1 : 0);
  }

  /** Readers have left, or a writer that may have kept others out. */
  notify(): void {
    notifyAll(this.words, 0, this.address);
  }
}
