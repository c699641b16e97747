// Recovery: what a lock tells the next holder after a death, and how it becomes unrecoverable.

import * as layout from "./layout.ts";

/** The holder before died in possession; what the lock protects may be half changed. */
export interface Recovered {
  /** Its process id in its own pid namespace, 0 when not known any more. For messages only. */
  readonly pid: number;
}

/** The state words of a lock, changed only by its holder. */
export class RecoveryState {
  readonly #words: Int32Array;
  readonly #reason: Uint8Array;

  constructor(buffer: ArrayBuffer, base: number) {
    this.#words = new Int32Array(buffer, base, 4);
    this.#reason = new Uint8Array(buffer, base + layout.REASON, layout.REASON_SIZE);
  }

  /** SYNC lock: read after acquiring, written before releasing. */
  get isSound(): boolean {
    return this.#words[layout.STATE / 4] === layout.STATE_SOUND;
  }

  get isUnrecoverable(): boolean {
    return Atomics.load(this.#words, layout.STATE / 4) === layout.STATE_UNRECOVERABLE;
  }

  suspect(pid: number): Recovered {
    Atomics.store(this.#words, layout.DEAD_PID / 4, pid);
    Atomics.store(this.#words, layout.STATE / 4, layout.STATE_SUSPECT);
    return { pid };
  }

  /** Who died, for the one who comes after somebody that gave up waiting. */
  get deadPid(): number {
    return Atomics.load(this.#words, layout.DEAD_PID / 4);
  }

  repaired(): void {
    Atomics.store(this.#words, layout.STATE / 4, layout.STATE_SOUND);
  }

  unrecoverable(reason: string): void {
    this.#reason.fill(0);
    new TextEncoder().encodeInto(reason, this.#reason.subarray(0, layout.REASON_SIZE - 1));
    Atomics.store(this.#words, layout.STATE / 4, layout.STATE_UNRECOVERABLE);
  }

  /** Why it is unrecoverable, as the last holder said. */
  get reason(): string {
    const copy = this.#reason.slice();
    const end = copy.indexOf(0);
    return new TextDecoder().decode(end < 0 ? copy : copy.subarray(0, end));
  }
}
