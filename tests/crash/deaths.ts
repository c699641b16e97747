// The deaths in a test that kills: who may have died in possession, and who was told of it; nobody is told twice.

import { until } from "../support/mod.ts";
import type { Member } from "./crew.ts";
import { type Durations, sumUp } from "./durations.ts";
import { OUTSIDE, type Told, told } from "./lock_ledger.ts";
import type { SharedWords } from "./shared_words.ts";

const STUCK_MS = 15_000;

/** A ledger in which deaths are told. */
type DeathLedger = SharedWords & { count(fault: "untold" | "toldTwice" | "toldWithoutCause"): void };

export interface DeathReport {
  readonly recoveries: number;
  /** "dead -> told": how often. */
  readonly recoveriesByPair: Record<string, number>;
  /** From just before the kill until the next one was in possession. */
  readonly recoveredMs: Durations;
}

export class Deaths {
  readonly #ledger: DeathLedger;
  readonly #nameOf: (kind: number) => string;
  #told = 0;
  readonly #recoveredMs: number[] = [];
  readonly #pairs: Record<string, number> = {};
  /** Of each process that may have died in possession: its kind, and how often it may still be told of. */
  readonly #dead = new Map<number, { kind: string; left: number }>();

  /** `nameOf`: of the kinds that are told. */
  constructor(ledger: DeathLedger, nameOf: (kind: number) => string) {
    this.#ledger = ledger;
    this.#nameOf = nameOf;
  }

  /** One has died, in that state. */
  note({ peer, kind }: Member, state: number): void {
    const left = this.#dead.get(peer.pid)?.left ?? 0; // process ids come again
    if (state !== OUTSIDE) this.#dead.set(peer.pid, { kind, left: left + 1 });
  }

  /** A death in certain possession, at the instant `begin`, is told to somebody. */
  async waitForNotice({ peer }: Member, begin: number): Promise<void> {
    const find = () => told(this.#ledger, this.#told).find(({ dead }) => dead === peer.pid);
    try {
      await until(() => find() !== undefined, `somebody is told that ${peer.pid} died`, STUCK_MS);
    } catch (error) {
      this.#ledger.count("untold");
      throw error;
    }
    this.#recoveredMs.push(((find()?.instant ?? 0) - begin) / 1000);
  }

  /** Judges what was told since the last time. */
  judge(): void {
    const news = told(this.#ledger, this.#told);
    this.#told += news.length;
    for (const one of news) this.#judgeOne(one);
  }

  /** 0, a dead one whose name is lost, is nobody's: its slot passes on once before the lock does, and keeps the pid. */
  #judgeOne({ dead, kind }: Told): void {
    const known = this.#dead.get(dead);
    if (known === undefined) this.#ledger.count("toldWithoutCause");
    else if (known.left-- <= 0) this.#ledger.count("toldTwice");
    const pair = `${known?.kind ?? "unknown"} -> ${this.#nameOf(kind)}`;
    this.#pairs[pair] = (this.#pairs[pair] ?? 0) + 1;
  }

  report(): DeathReport {
    this.judge();
    return {
      recoveries: this.#told,
      recoveriesByPair: Object.fromEntries(Object.entries(this.#pairs).sort()),
      recoveredMs: sumUp(this.#recoveredMs),
    };
  }
}
