// Possession of a lock alone: whoever is in here beside somebody, or finds the two counters unequal, notes a fault.
//
//   words  FIRST and SECOND, equal whenever nobody is in | INSIDE, mark of who is in

import { setTimeout } from "node:timers";
import type { Recovered } from "../../../src/sync/recovery.ts";
import { pause } from "../../../src/sys/futex.ts";
import { sleep } from "../../support/wait.ts";
import { tell } from "../lock_ledger.ts";
import { HOLDING, hasReaders, isDoomed, UNLOCKING } from "./ledger.ts";
import type { Setting } from "./scene.ts";

export const [FIRST, SECOND, INSIDE] = [0, 1, 2] as const;

/** A guard of a lock that is held alone. */
export interface AloneGuard {
  readonly recovered: Recovered | undefined;
  repaired(): void;
}

/** Some work: usually a few microseconds, or some turns of the event loop. */
export async function work({ random }: Setting): Promise<void> {
  if (random.below(8) === 0) await sleep(random.below(3));
  else pause(random.below(2000));
}

export class Alone {
  readonly #setting: Setting;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  #load(word: number): number {
    return this.#setting.ledger.load(this.#setting.words + word);
  }

  #store(word: number, value: number): void {
    this.#setting.ledger.store(this.#setting.words + word, value);
  }

  /** Just in. Answers whether it was told of a death, and has repaired what that one left. */
  enter(guard: AloneGuard): boolean {
    const { ledger, words, place, kind } = this.#setting;
    place.state = HOLDING;
    const before = Atomics.exchange(ledger.words, words + INSIDE, place.mark);
    if (before !== 0 && !isDoomed(ledger, before)) ledger.count("beside");
    else if (before !== 0 && !guard.recovered) ledger.count("untold");
    if (hasReaders(ledger, words, place.mark)) ledger.count("beside");
    if (guard.recovered) {
      this.#store(SECOND, this.#load(FIRST));
      tell(ledger, guard.recovered.pid, kind);
      guard.repaired();
    }
    if (this.#load(FIRST) !== this.#load(SECOND)) ledger.count("torn");
    return guard.recovered !== undefined;
  }

  async change(): Promise<void> {
    const next = (this.#load(FIRST) + 1) | 0;
    this.#store(FIRST, next);
    await work(this.#setting);
    this.#store(SECOND, next);
  }

  /** About to unlock. */
  leave(): void {
    const { ledger, words, place } = this.#setting;
    if (Atomics.compareExchange(ledger.words, words + INSIDE, place.mark, 0) !== place.mark) ledger.count("beside");
    place.state = UNLOCKING;
  }

  /** Just in, together with others. */
  async read(times: number): Promise<void> {
    const { ledger } = this.#setting;
    for (let left = times; left > 0; left--) {
      const inside = this.#load(INSIDE);
      if (inside !== 0) ledger.count(isDoomed(ledger, inside) ? "untold" : "beside");
      if (this.#load(FIRST) !== this.#load(SECOND)) ledger.count("torn");
      await work(this.#setting);
    }
  }
}

/** Options of a wait that may end early. */
export function shortWait({ random }: Setting): { timeoutMs: number } {
  return { timeoutMs: random.below(4) };
}

/** Undefined where `take` was aborted. */
export async function unlessAborted<T>(
  { random }: Setting,
  take: (options: { signal: AbortSignal }) => Promise<T>,
): Promise<T | undefined> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), random.below(4));
  try {
    return await take({ signal: controller.signal });
  } catch (error) {
    if (error !== controller.signal.reason) throw error;
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
