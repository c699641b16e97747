// Scenes of killed owners: what one process does until it is killed, and what must then be true for the others.

import { within } from "../../support/mod.ts";

/** So long, in ms, survivors block at most for what a dead one has left behind. */
export const LIMIT_MS = 5000;
/** So long they await it, beside hundreds of others that are judged meanwhile. */
const AWAIT_MS = 30_000;

/** For a victim that waits in vain, by its own clock. */
export const IN_VAIN = { timeoutMs: 1 };

export interface Closable {
  close(): void;
}

/** What a judge may know of the processes that died: "first", "victim", or "a stranger". */
export type Who = (pid: number) => string;

/** Survivors: who made the object, who had it open before the kill, and who opens it afterwards, in the dead one's slot. */
export type Survivors<T> = readonly [T, T, T];

export interface Scene<T extends Closable, Held, Begun> {
  readonly title: string;
  create(name: string): T;
  open(name: string): T;
  /** What another process does, which is killed before the victim comes. */
  first?(object: T): void;
  /** What the victim does before it can be killed. */
  prepare?(object: T): Held;
  /** What the first two survivors do then. */
  begin?(early: readonly [T, T]): Begun;
  /** What the victim is killed in, before and behind each store. It calls `holding` where it owns the object for certain. */
  act(object: T, held: Held, holding: () => void): void;
  /** Fails, or says what the death came to. `index` is another one for each kill. */
  judge(survivors: Survivors<T>, begun: Begun, who: Who, index: number): Promise<string>;
  /** What the kills come to, from the first store to the last: each as often as there are stores. */
  readonly outcomes: readonly string[];
  /** What a kill comes to where the victim owns it for certain. */
  readonly whileHolding?: string;
}

/** Of any object. */
export type AnyScene = Scene<Closable, unknown, unknown>;

/** Forgets what it is of; scenes are used by who gives each its own objects back. */
export function scene<T extends Closable, Held = undefined, Begun = undefined>(it: Scene<T, Held, Begun>): AnyScene {
  return it as unknown as AnyScene;
}

/** The value of a promise that a dead one may have left pending. */
export const soon = <T>(promise: Promise<T>, what: string): Promise<T> => within(promise, AWAIT_MS, what);

/** One of a list, another one for each index. */
export const rotate = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

interface Guard {
  readonly recovered: { readonly pid: number } | undefined;
  repaired(): void;
  unlock(): void;
}

/** Those who come into a lock after a death: who of them was told, and whether two were in at a time. */
export class Heirs {
  readonly #told: number[] = [];
  #alone = 0;
  #together = 0;

  /** In the lock, alone or beside readers, for a turn of the event loop. */
  async use(guard: Guard | undefined, isReader = false): Promise<void> {
    if (guard === undefined) throw new Error("it is held");
    const { recovered } = guard;
    const isAlone = !isReader || recovered !== undefined;
    if (this.#alone > 0 || (isAlone && this.#together > 0)) throw new Error("two owners at a time");
    if (isAlone) this.#alone++;
    else this.#together++;
    if (recovered !== undefined) this.#told.push(recovered.pid);
    await turn();
    guard.repaired();
    if (isAlone) this.#alone--;
    else this.#together--;
    guard.unlock();
  }

  /** Whose deaths were told, and how often. */
  told(who: Who): string {
    return this.#told.length === 0 ? "nobody" : this.#told.map(who).join(" and ");
  }
}
