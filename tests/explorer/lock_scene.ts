// A scene of one mutex on traced memory: processes are ids, their deaths a flag, and sleeps are data.

import type { Participants } from "../../src/memory/participants.ts";
import type { SharedMemory } from "../../src/memory/shared_memory.ts";
import * as layout from "../../src/sync/layout.ts";
import { BUSY, LockWord, RECOVERED } from "../../src/sync/lock_word.ts";
import { RecoveryState } from "../../src/sync/recovery.ts";
import { TracedMemory } from "./traced.ts";

/** One process: what it holds is what it knows; a dead one knows nothing any more. */
export class LockProcess {
  readonly id: number;
  readonly word: LockWord;
  readonly state: RecoveryState;
  readonly #scene: LockScene;
  isDead = false;
  /** It has come back from locking and not yet begun to unlock. */
  isInside = false;
  /** Of whom it was told. */
  readonly told: number[] = [];
  /** It sleeps while the eventcount holds `key` and `owner` lives, until somebody wakes it. */
  #sleep: { key: number; owner: number } | undefined;
  #isWoken = false;
  /** The guard that it has was told of a death. */
  #isToRepair = false;

  constructor(scene: LockScene, id: number) {
    this.#scene = scene;
    this.id = id;
    const isDead = (owner: number) => scene.isDead(owner);
    const table = { owner: id, join: () => id, isDead, isFoundDead: isDead, isProvenDead: isDead };
    const participants = { ...table, needsAsking: () => false, pidOf: (owner: number) => owner };
    const memory = { buffer: scene.memory.buffer, address: 0 } as unknown as SharedMemory;
    this.word = new LockWord(memory, layout.lockAt(0), participants as unknown as Participants, () => scene.advance());
    this.state = new RecoveryState(scene.memory.buffer, 0);
  }

  get isAsleep(): boolean {
    return this.#sleep !== undefined;
  }

  /** As Mutex.tryLock; whether it was taken. */
  tryLock(): boolean {
    const outcome = this.word.tryAcquire();
    if (outcome === BUSY) return false;
    this.#isToRepair = outcome === RECOVERED || !this.state.isSound;
    if (this.#isToRepair) {
      const pid = outcome === RECOVERED ? this.word.predecessor : this.state.deadPid;
      this.told.push(this.state.suspect(pid).pid);
    }
    this.#scene.entered(this);
    return true;
  }

  /** As Mutex: a guard that is told has repaired. */
  unlock(): void {
    this.#scene.left(this);
    if (this.#isToRepair) this.state.repaired();
    this.word.release();
  }

  /** As Awaiting and Waiter: try, announce, try again, sleep; whether it was taken, or else it sleeps now. */
  lock(): boolean {
    this.#sleep = undefined;
    for (;;) {
      if (this.tryLock()) return true;
      const key = this.word.announce();
      if (this.tryLock()) return true;
      if (!this.#park(key)) continue;
      return false;
    }
  }

  /** As Waiter: arms the eventcount, then the owner's life. False: there is nothing to sleep on. */
  #park(key: number): boolean {
    const value = Atomics.load(this.#scene.words, layout.LOCK_EVENTCOUNT / 4);
    this.#isWoken = false; // what woke before the comparison woke nobody
    if (value !== key) return false;
    const owner = this.word.announced;
    if (this.#isWoken || this.#scene.isDead(owner)) return false;
    this.#sleep = { key, owner };
    return true;
  }

  /** A wake-up by futex(2). */
  wake(): void {
    this.#isWoken = true;
    this.#sleep = this.#sleep && { ...this.#sleep, key: Number.NaN };
  }

  /** Whether the kernel has ended its sleep: a wake-up, or the death of the one it watches. */
  get isRoused(): boolean {
    return this.#sleep !== undefined && (Number.isNaN(this.#sleep.key) || this.#scene.isDead(this.#sleep.owner));
  }
}

/** Fails when two are inside at once. */
export class LockScene {
  readonly memory = new TracedMemory(new ArrayBuffer(layout.MUTEX_SIZE));
  readonly processes: LockProcess[] = [];
  readonly #plain = new Int32Array(this.memory.buffer);
  #traced: Int32Array | undefined;

  /** The words as processes see them. */
  get words(): Int32Array {
    this.#traced ??= new Int32Array(this.memory.buffer);
    return this.#traced;
  }

  /** A new process, with a slot of its own; within `memory.trace`. */
  start(): LockProcess {
    const process = new LockProcess(this, (7 << 10) | (this.processes.length + 1));
    this.processes.push(process);
    return process;
  }

  get value(): number {
    return this.#plain[0] as number;
  }

  isDead(owner: number): boolean {
    return this.processes.some(({ id, isDead }) => id === owner && isDead);
  }

  /** The system call that advances the eventcount and wakes: nobody is killed in its middle. */
  advance(): void {
    const at = layout.LOCK_EVENTCOUNT / 4;
    this.#plain[at] = (this.#plain[at] as number) + 1;
    for (const process of this.processes) process.wake();
  }

  entered(process: LockProcess): void {
    const others = this.processes.filter(({ isInside, isDead }) => isInside && !isDead);
    if (others.length > 0) throw new Error(`${process.id} and ${others[0]?.id} are both inside`);
    process.isInside = true;
  }

  left(process: LockProcess): void {
    process.isInside = false;
  }
}
