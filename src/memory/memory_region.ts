// MemoryRegion: mapped memory of any kind that an object can be laid over.

/** What `SharedMemory` and `MappedFile` have in common. */
export interface MemoryRegion {
  /** The mapping's one ArrayBuffer. */
  readonly buffer: ArrayBuffer;
  /** Where the mapping stands in this process. */
  readonly address: number;
  /** The open descriptor. */
  readonly fd: number;
  /** Where the mapping starts in the file. */
  readonly fileOffset: number;
  /** Bytes mapped. */
  readonly size: number;
  /** For messages. */
  readonly name?: string | undefined;
  /** Writes stay private to this process. */
  readonly readOnly?: boolean;
  /** Pages whose backing was taken away. */
  readonly lostPages?: number;
  /** Runs `action` before the memory is unmapped. */
  beforeClose(dependent: object, action: () => void): void;
  /** The dependent has gone. */
  afterClose(dependent: object): void;
  /** Unmaps it. */
  close(): void;
  /** From now on closing also removes the name; only of what has one in `/dev/shm`. */
  unlinkOnClose?(): void;
  /** Writes a range to disk and waits until it is there. */
  sync?(options?: { offset?: number; length?: number }): void;
}
