// The lock word: 32 bits that say who holds a lock, so that a dead holder is found and replaced.
//
//   bits 30..10  generation      bits 9..0  slot + 1      0 = free          beside it: the eventcount of who waits
//
// Taking a lock is one compare-exchange: the owner id appears in the word by that one instruction, so there is no instant
// at which a kill leaves a lock that nobody owns and nobody can take. Nobody but its owner changes a word that names the
// living, so giving it back is a plain store of 0 and a look at the eventcount; where somebody may sleep, all are woken:
// one who is woken and killed must not have swallowed the only wake-up. Who is killed between the store and the wake-up
// is found by the sleepers, who watch over the owner that they saw when they announced themselves.
//
// SYNC lock: release = store behind all that the holder wrote; acquire = compare-exchange, sequentially consistent. The
// look at the eventcount needs no fence before it: see SYNC eventcount.

import { OWNER_MASK } from "../memory/layout.ts";
import type { MemoryRegion } from "../memory/memory_region.ts";
import type { Participants } from "../memory/participants.ts";
import { futexAdvance } from "../sys/futex.ts";
import { loadOrdered } from "../sys/ordering.ts";
import { hasSleepers, mayPublishPlainly, prepareToSleep, SLEEPERS } from "../wait/eventcount.ts";

/** Of the module: V8 takes an imported binding to be variable (D34). */
const SOMEBODY_SLEEPS = SLEEPERS;

/** What an attempt to take a lock came to. */
export const BUSY = 0;
export const ACQUIRED = 1;
/** Acquired from a dead holder: what the lock protects may be half changed. */
export const RECOVERED = 2;

/** Where a lock lies: bytes from the start of its memory. */
export interface LockPlace {
  readonly word: number;
  /** Behind the word. */
  readonly eventcount: number;
}

/** One lock word, as seen by one participant. */
export class LockWord {
  // `private`, not #private: see D34
  /** From the lock word, which is the first, to the eventcount at least. */
  readonly words: Int32Array;
  /** The participant, as the word names it. */
  readonly me: number = 0;
  private readonly eventcount: number = 0;
  private readonly isAtomic: boolean;
  private readonly wake: () => void;
  private readonly participants: Participants;
  private deadOwner = 0;
  private announcedOwner = 0;

  /** Joins the participants. `wake` advances the eventcount and wakes all who sleep on it. */
  constructor(memory: MemoryRegion, place: LockPlace, participants: Participants, wake?: () => void) {
    this.eventcount = (place.eventcount - place.word) / 4;
    this.words = new Int32Array(memory.buffer, place.word, this.eventcount + 1);
    const address = memory.address + place.eventcount;
    this.wake = wake ?? (() => futexAdvance(address));
    this.participants = participants;
    this.isAtomic = !mayPublishPlainly();
    this.me = participants.join();
  }

  /** The owner id in the word; 0 = free. */
  get owner(): number {
    return loadOrdered(this.words, 0) & OWNER_MASK;
  }

  get isMine(): boolean {
    return this.owner === this.me;
  }

  /** As owner, but 0 where it is dead: then the word can be taken. */
  get livingOwner(): number {
    const { owner } = this;
    return owner === 0 || this.isDead(owner) ? 0 : owner;
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

  /** As tryAcquire, which found `found`, not 0, in the word: it is a dead one's, or the lock is busy. */
  tryReplace(found: number): number {
    const owner = found & OWNER_MASK;
    if (owner !== 0 && !this.isDead(owner)) return BUSY;
    if (Atomics.compareExchange(this.words, 0, found, this.me) !== found) return BUSY;
    if (owner === 0) return ACQUIRED;
    this.deadOwner = owner;
    return RECOVERED;
  }

  private isDead(owner: number): boolean {
    return owner !== this.me && this.participants.isFoundDead(owner);
  }

  /** Gives the lock back. False: it was not ours. */
  release(): boolean {
    const { words } = this;
    if (words[0] !== this.me) return false;
    if (this.isAtomic) return this.releaseAtomically();
    words[0] = 0; // SYNC lock (release)
    if ((words[this.eventcount] & SOMEBODY_SLEEPS) !== 0) this.wake(); // as hasSleepers, without a call
    return true;
  }

  /** Where the sleepers' barriers do not reach us, or stores do not keep their order. */
  private releaseAtomically(): true {
    Atomics.store(this.words, 0, 0);
    if (hasSleepers(this.words, this.eventcount, true)) this.wake();
    return true;
  }

  /** Announces a waiter: the value of the eventcount to sleep on, and one that it has no more where the lock is free. */
  announce(): number {
    const key = prepareToSleep(this.words, this.eventcount);
    const { owner } = this;
    this.announcedOwner = owner === this.me ? 0 : owner;
    return owner === 0 ? key & ~SLEEPERS : key;
  }

  /**
   * Whose death ends the sleep that was announced: the owner of that instant. If it goes before the sleep begins, it wakes
   * us, or is killed on the way, and its death does.
   */
  get announced(): number {
    return this.announcedOwner;
  }
}
