// The options of SharedMemory's ways in.

/** How `SharedMemory.create` and `openOrCreate` make memory. */
export interface SharedMemoryCreateOptions {
  /** Bytes; reserved at once. */
  size: number;
  /** Permission bits, 0o600 unless said; the umask does not touch them. */
  mode?: number;
  /** close() also removes the name, if it still leads to this object. */
  unlinkOnClose?: boolean;
}

/** Which part of memory that exists is mapped, and how. */
export interface SharedMemoryWindow {
  /** Writes stay private to this process and are seen by nobody. */
  readOnly?: boolean;
  /** Where the window starts, bytes; a multiple of 4096. */
  offset?: number;
  /** How long the window is, bytes; to the end unless said. */
  length?: number;
}

/** How `SharedMemory.open` opens. */
export interface SharedMemoryOpenOptions extends SharedMemoryWindow {
  /** How long to wait for a creator that has not set the size yet; 1000 unless said. */
  timeoutMs?: number;
}

/** How `SharedMemory.anonymous` makes memory without a name. */
export interface SharedMemoryAnonymousOptions {
  /** Bytes; reserved at once. */
  size: number;
  /** What /proc/PID/maps shows; "linux-ipc" unless said. */
  label?: string;
  /** Nobody may ever change the size; true unless said. */
  seal?: boolean;
}

/** How `SharedMemory.fromDescriptor` maps what somebody else made. */
export interface SharedMemoryDescriptorOptions extends SharedMemoryWindow {
  /** Accept memory which its sender can still shrink, so that our reads would find zeros. */
  allowUnsealed?: boolean;
}
