// WriterSeat: the one writer's place of a reader-writer lock: taken, entered when the readers have left, given back.

import process from "node:process";
import type { Placement } from "../memory/placement.ts";
import { Drain } from "./drain.ts";
import { lockAt } from "./layout.ts";
import { ACQUIRED, BUSY, LockWord, RECOVERED } from "./lock_word.ts";
import { type Recovered, RecoveryState } from "./recovery.ts";

/** The seat as seen by one object. Outcomes are those of a LockWord. */
export class WriterSeat {
  // `private`, not #private: see D34
  readonly word: LockWord;
  readonly state: RecoveryState;
  readonly drain: Drain;
  private readonly placement: Placement;
  /** Whether the word is ours: in the lock, or waiting for readers to leave. */
  private isTaken = false;

  /** Of the lock at the placement. Joins the participants. */
  constructor(placement: Placement) {
    const { memory, base, participants } = placement;
    this.placement = placement;
    this.word = new LockWord(memory, lockAt(base), participants);
    this.state = new RecoveryState(memory.buffer, base);
    this.drain = new Drain(memory, base);
  }

  /** A writer that died while it waited for readers to leave had not been in: that is not a recovery. */
  tryTake(): number {
    const outcome = this.word.tryAcquire();
    if (outcome !== BUSY) this.isTaken = true;
    return outcome === RECOVERED && !this.drain.hasEntered ? ACQUIRED : outcome;
  }

  private deadPid(outcome: number): number {
    return outcome === RECOVERED ? this.placement.participants.pidOf(this.word.predecessor) : this.state.deadPid;
  }

  /** Who has the word, where that is this process. */
  get ours(): string {
    return this.drain.hasEntered ? "this process holds it for writing" : "a write or upgrade of this process awaits it";
  }

  /** Gives the word back. False: it was not ours. */
  release(): boolean {
    this.isTaken = false;
    const wasOurs = this.word.release();
    this.drain.notify(); // a writer that prefers readers sleeps there
    return wasOurs;
  }

  /** In the lock, alone: who died there before us. The lock is not unrecoverable. */
  enter(outcome: number): Recovered | undefined {
    const isSound = outcome === ACQUIRED && this.state.isSound;
    const recovered = isSound ? undefined : this.state.suspect(this.deadPid(outcome));
    this.drain.hasEntered = true;
    return recovered;
  }

  /** Out of the lock again; with a reason nobody can take it any more. False: the word was not ours. */
  leave(reason: string | undefined): boolean {
    if (reason !== undefined) this.state.unrecoverable(reason);
    else if (!this.state.isSound) this.state.repaired();
    this.drain.hasEntered = false;
    return this.release();
  }

  /** Gives the word back without having been in the lock; a death that it told of is told to the next. */
  giveUp(outcome: number): void {
    if (outcome === RECOVERED && !this.state.isUnrecoverable) this.state.suspect(this.deadPid(outcome));
    this.drain.hasEntered = false;
    this.release();
  }

  /** As the death of this participant: a writer that was in passes on as from the dead. */
  abandon(): void {
    const hasEntered = this.isTaken && this.drain.hasEntered;
    if (hasEntered && !this.state.isUnrecoverable) this.state.suspect(process.pid);
    if (hasEntered) this.drain.hasEntered = false;
    if (this.isTaken) this.release();
    else this.drain.notify();
  }
}
