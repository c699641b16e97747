// Words in shared memory, in which processes that may be killed note what they have done.

import { SharedMemory } from "../../mod.ts";

export class SharedWords {
  readonly words: Int32Array;
  readonly memory: SharedMemory;

  constructor(memory: SharedMemory) {
    this.memory = memory;
    this.words = new Int32Array(memory.buffer);
  }

  /** The memory for a new one; it goes with the process that made it. */
  protected static make(name: string, size: number): SharedMemory {
    return SharedMemory.create(name, { size, unlinkOnClose: true });
  }

  load(word: number): number {
    return Atomics.load(this.words, word);
  }

  store(word: number, value: number): void {
    Atomics.store(this.words, word, value);
  }

  add(word: number, by = 1): void {
    Atomics.add(this.words, word, by);
  }

  /** What is counted from `first` on, by its names. */
  counts<Name extends string>(names: readonly Name[], first: number): Record<Name, number> {
    const entries = names.map((name, index) => [name, this.load(first + index)]);
    return Object.fromEntries(entries) as Record<Name, number>;
  }

  close(): void {
    this.memory.close();
  }
}
