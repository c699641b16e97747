// NamedWord: a futex or a plain lock by name: raw shared memory whose first byte is the word's, as shm_open(3) gives it.

import { endWithEnvironment } from "../memory/ending.ts";
import { openOrCreate } from "../memory/file.ts";
import { SEGMENT_MAGIC } from "../memory/layout.ts";
import type { ObjectCreateOptions, ObjectOpenOptions } from "../memory/placement.ts";
import { SharedMemory } from "../memory/shared_memory.ts";
import { errno } from "../sys/errno.ts";
import { IpcError } from "../sys/error.ts";
import { checkOptions } from "../sys/validate.ts";
import type { FutexMemory } from "./futex.ts";

/** A class of words that lie over memory. */
export interface WordClass<T extends NamedWord> {
  readonly name: string;
  over(memory: FutexMemory, byteOffset: number): T;
  byteSize(): number;
}

/** Why the memory holds no such word, or undefined. A named object's magic would be a lock that nobody gives back. */
function flaw({ bytes, buffer, size }: SharedMemory, byteSize: number): string | undefined {
  if (size < byteSize) return `${size} bytes are too few, it takes ${byteSize}`;
  const isSegment = bytes.length >= 4 && new DataView(buffer).getUint32(0, true) === SEGMENT_MAGIC;
  return isSegment ? "another object of linux-ipc has that name" : undefined;
}

function create<T extends NamedWord>(Kind: WordClass<T>, name: string, options: ObjectCreateOptions): SharedMemory {
  return SharedMemory.createFilled(name, { ...options, size: Kind.byteSize() }, () => {}, { noun: Kind.name });
}

/** The word at byte 0, which closes the memory. Where it cannot be laid, the memory is closed. */
function lay<T extends NamedWord>(Kind: WordClass<T>, memory: SharedMemory): T {
  try {
    const hint = flaw(memory, Kind.byteSize());
    const { name = "" } = memory;
    if (hint !== undefined)
      throw new IpcError(errno.EINVAL, { syscall: "mmap", doing: `open ${Kind.name} ${name}`, path: name, hint });
    const word = Kind.over(memory, 0);
    (word as unknown as { owned: SharedMemory }).owned = memory;
    endWithEnvironment(memory);
    return word;
  } catch (error) {
    memory.close();
    throw error;
  }
}

/** The common part of Futex, FutexLock and SpinLock. */
export abstract class NamedWord {
  /** The memory that goes with this object; undefined where it lies over somebody else's. */
  private readonly owned: SharedMemory | undefined = undefined;

  /**
   * Makes a new one by name: shared memory of just its bytes, in which a C or C++ program finds it at byte 0.
   *
   * @throws {IpcError} EEXIST the name is taken; ENOSPC `/dev/shm` is full; EACCES
   * @throws {RangeError} a bad name or mode
   */
  static create<T extends NamedWord>(this: WordClass<T>, name: string, options: ObjectCreateOptions = {}): T {
    checkOptions(options, ["mode", "unlinkOnClose"], `${this.name}.create`);
    return lay(this, create(this, name, options));
  }

  /**
   * Opens one that exists, whoever has made it: what is at byte 0 is taken for it.
   *
   * @throws {IpcError} ENOENT no such name; EINVAL it is too short, or another object of this library
   */
  static open<T extends NamedWord>(this: WordClass<T>, name: string, options: ObjectOpenOptions = {}): T {
    checkOptions(options, ["timeoutMs"], `${this.name}.open`);
    return lay(this, SharedMemory.openAs({ noun: this.name }, name, options));
  }

  /** Opens it, or creates it; `created` tells which. */
  static openOrCreate<T extends NamedWord>(this: WordClass<T>, name: string, options: ObjectCreateOptions = {}): T {
    checkOptions(options, ["mode", "unlinkOnClose"], `${this.name}.openOrCreate`);
    const memory = openOrCreate(
      options,
      () => SharedMemory.openAs({ noun: this.name }, name, {}),
      () => create(this, name, { mode: options.mode }),
    );
    const word = lay(this, memory); // refused, it closes what may be another object's
    if (options.unlinkOnClose) memory.unlinkOnClose();
    return word;
  }

  /** Removes the name; those who have it open keep it. False when there was none. */
  static unlink(name: string): boolean {
    return SharedMemory.unlink(name);
  }

  /** Whether this call made the memory. */
  get created(): boolean {
    return this.owned?.created ?? false;
  }

  /**
   * Closes what was opened by name; pending waits reject with EBADF, and a lock that is held here stays held. What lies
   * over a memory closes with that memory: then this does nothing. Twice is fine.
   */
  close(): void {
    this.owned?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
