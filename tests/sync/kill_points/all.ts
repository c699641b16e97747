// All scenes, and the names of their objects.

import { scenes as locks } from "./mutex.ts";
import { scenes as others } from "./others.ts";
import { scenes as rwlocks } from "./rwlock.ts";
import type { AnyScene } from "./scene.ts";

export const scenes: readonly AnyScene[] = [...locks, ...rwlocks, ...others];

/** The object in which a process is killed at its stop number `index`; the last one is for who lives to its end. */
export const nameOf = (prefix: string, scene: number, index: number): string => `${prefix}-${scene}-${index}`;

/** What the victim says before it is killed. */
export interface Said {
  /** Of each scene, the stops on the way to its end: the last one of which is the end itself. */
  readonly stops: readonly (readonly string[])[];
  /** Of each scene, the number of the stop where it owned the object for certain; -1 = nowhere. */
  readonly holding: readonly number[];
  /** Stops that were never reached. */
  readonly missed: readonly string[];
}
