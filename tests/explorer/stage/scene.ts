// A scene: one kind of object, what its users do with it, and what must be true of it.

import type { Placement } from "../../../src/memory/placement.ts";

/** A user among others: what it knows of the play beside the object. */
export interface Self {
  /** From 1. */
  readonly number: number;
  /** Words that all users share, zeros at first: accesses to them are no steps. */
  readonly notes: Int32Array;
  isDead(user: number): boolean;
  /** Whether its time is up: all its timeouts until now are over. */
  readonly isLate: boolean;
  /** Who waits: for a newcomer, who waits for ever. */
  readonly asleep: readonly number[];
  /** Somewhere between two accesses, for a user's own code, which makes none. */
  pass(): void;
  /** What must not be. */
  fail(message: string): void;
}

/** What a user does: a function of its own thread, which may await. */
export type Life<T> = (object: T, self: Self) => unknown;

export interface Scene<T> {
  /** What an object is before anybody has it; zeros unless said. */
  fill?(buffer: ArrayBuffer, base: number): void;
  /** Where the object has arrays of a word for each participant, bytes from its start: words of nobody are no steps. */
  readonly perSlot?: readonly number[];
  make(placement: Placement): T;
  readonly lives: Readonly<Record<string, Life<T>>>;
  /** What must be true when nobody can go on, as a newcomer finds it. */
  judge(object: T, self: Self): void;
}
