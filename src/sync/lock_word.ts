// The lock word: 32 bits that say who holds a lock, so that a dead holder is found and replaced.
//
//   bit 31  somebody waits      bits 30..10  generation      bits 9..0  slot + 1      0 = free
//
// Taking and releasing an uncontended lock is one compare-exchange each. The owner id appears in the word by that one
// instruction, so there is no instant at which a kill leaves a lock that nobody owns and nobody can take. A release with
// waiters stores 0 and wakes them all: one who is woken and killed must not have swallowed the only wake-up.
//
// SYNC lock: release = compare-exchange or store of 0; acquire = compare-exchange. All are sequentially consistent.

import { OWNER_MASK } from "../memory/layout.ts";
import type { MemoryRegion } from "../memory/memory_region.ts";
import type { Participants } from "../memory/participants.ts";
import { EVERYBODY, futexWake } from "../sys/futex.ts";
import { loadOrdered } from "../sys/ordering.ts";

const WAITERS = 1 << 31;
/** No lock word ever is this: a sleep on it ends at once. */
const NOTHING_TO_SLEEP_ON = WAITERS;

/** What an attempt to take a lock came to. */
export const BUSY = 0;
export const ACQUIRED = 1;
/** Acquired from a dead holder: what the lock protects may be half changed. */
export const RECOVERED = 2;

/** Whether the owner is dead, by the proof that its kernel offers: two loads, or a question where it has no robust lists. */
export function isOwnerDead(participants: Participants, owner: number): boolean {
  return participants.needsAsking(owner) ? participants.isProvenDead(owner) : participants.isDead(owner);
}

/** One lock word, as seen by one participant. */
export class LockWord {
  // `private`, not #private: see D34
  private readonly words: Int32Array;
  private readonly wake: () => void;
  private readonly participants: Participants;
  private readonly me: number = 0;
  private deadOwner = 0;

  /** The word at `byteOffset` of the memory. Joins the participants. `wake` wakes all who sleep on it. */
  constructor(memory: MemoryRegion, byteOffset: number, participants: Participants, wake?: () => void) {
    this.words = new Int32Array(memory.buffer, byteOffset, 1);
    const address = memory.address + byteOffset;
    this.wake = wake ?? (() => futexWake(address, EVERYBODY));
    this.participants = participants;
    this.me = participants.join();
  }

  /** The owner id in the word; 0 = free. */
  get owner(): number {
    return loadOrdered(this.words, 0) & OWNER_MASK;
  }

  get isMine(): boolean {
    return this.owner === this.me;
  }

  /** The owner id of somebody else; 0 = free or ours. */
  get otherOwner(): number {
    const { owner } = this;
    return owner === this.me ? 0 : owner;
  }

  /** Whom we last took the lock from, when that was a dead one. */
  get predecessor(): number {
    return this.deadOwner;
  }

  /** BUSY, ACQUIRED or RECOVERED. */
  tryAcquire(): number {
    const found = Atomics.compareExchange(this.words, 0, 0, this.me);
    return found === 0 ? ACQUIRED : this.tryReplace(found);
  }

  /** The word was not 0: it is a dead one's, or the lock is busy. */
  private tryReplace(found: number): number {
    const owner = found & OWNER_MASK;
    if (owner !== 0 && !this.isDead(owner)) return BUSY;
    // WAITERS stays: whoever waited on the dead one's word still sleeps on this value's bit
    if (Atomics.compareExchange(this.words, 0, found, this.me | (found & WAITERS)) !== found) return BUSY;
    if (owner === 0) return ACQUIRED;
    this.deadOwner = owner;
    return RECOVERED;
  }

  private isDead(owner: number): boolean {
    return owner !== this.me && isOwnerDead(this.participants, owner);
  }

  /** Gives the lock back. False: it was not ours. */
  release(): boolean {
    const found = Atomics.compareExchange(this.words, 0, this.me, 0);
    return found === this.me || this.releaseContended(found);
  }

  private releaseContended(found: number): boolean {
    if ((found & OWNER_MASK) !== this.me) return false;
    Atomics.store(this.words, 0, 0);
    this.wake();
    return true;
  }

  /**
   * Announces a waiter: the value to sleep on. A free word is not one: who takes the lock then and gives it back sees no
   * waiter, wakes nobody, and leaves the very same 0.
   */
  announce(): number {
    for (;;) {
      const value = loadOrdered(this.words, 0);
      if ((value & OWNER_MASK) === 0) return NOTHING_TO_SLEEP_ON;
      if ((value & WAITERS) !== 0) return value;
      if (Atomics.compareExchange(this.words, 0, value, value | WAITERS) === value) return value | WAITERS;
    }
  }
}
