// Recovery: what a lock tells the next holder after a death, and how it becomes unrecoverable.

import { loadOrdered } from "../sys/ordering.ts";
import { checkOptions, checkString } from "../sys/validate.ts";
import { DEAD_PID, REASON, REASON_SIZE, STATE, STATE_SOUND, STATE_SUSPECT, STATE_UNRECOVERABLE } from "./layout.ts";

const STATE_INDEX = STATE / 4;
const DEAD_PID_INDEX = DEAD_PID / 4;

/** The holder before died in possession; what the lock protects may be half changed. */
export interface Recovered {
  /** Its process id in its own pid namespace, 0 when not known any more. For messages only. */
  readonly pid: number;
}

/** Why a lock shall be unrecoverable, out of the options of an unlock. */
export function reasonIn(options: { unrecoverable?: string } | undefined): string | undefined {
  checkOptions(options, ["unrecoverable"], "unlock");
  const reason = options?.unrecoverable;
  if (reason !== undefined) checkString(reason, "unrecoverable");
  return reason;
}

/** The state words of a lock, changed only by its holder. */
export class RecoveryState {
  private readonly words: Int32Array;
  private readonly reasonBytes: Uint8Array;

  constructor(buffer: ArrayBuffer, base: number) {
    this.words = new Int32Array(buffer, base, 4);
    this.reasonBytes = new Uint8Array(buffer, base + REASON, REASON_SIZE);
  }

  /** SYNC lock: all are read after acquiring, which orders plain loads behind it, and written before releasing. */
  get isSound(): boolean {
    return this.words[STATE_INDEX] === STATE_SOUND;
  }

  /** As isSound, for a reader: it has acquired nothing, and only loaded the writer's word. */
  get isSoundForReader(): boolean {
    return loadOrdered(this.words, STATE_INDEX) === STATE_SOUND;
  }

  get isUnrecoverable(): boolean {
    return this.words[STATE_INDEX] === STATE_UNRECOVERABLE;
  }

  suspect(pid: number): Recovered {
    Atomics.store(this.words, DEAD_PID_INDEX, pid);
    Atomics.store(this.words, STATE_INDEX, STATE_SUSPECT);
    return { pid };
  }

  /** Who died, for the one who comes after somebody that gave up waiting. */
  get deadPid(): number {
    return this.words[DEAD_PID_INDEX];
  }

  repaired(): void {
    Atomics.store(this.words, STATE_INDEX, STATE_SOUND);
  }

  unrecoverable(reason: string): void {
    this.reasonBytes.fill(0);
    new TextEncoder().encodeInto(reason, this.reasonBytes.subarray(0, REASON_SIZE - 1));
    Atomics.store(this.words, STATE_INDEX, STATE_UNRECOVERABLE);
  }

  /** Why it is unrecoverable, as the last holder said. */
  get reason(): string {
    const copy = this.reasonBytes.slice();
    const end = copy.indexOf(0);
    return new TextDecoder().decode(end < 0 ? copy : copy.subarray(0, end));
  }
}
