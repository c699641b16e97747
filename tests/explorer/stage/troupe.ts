// Troupe: players, and the leader that sets up their plays, goes through their interleavings and judges.

import { Worker } from "node:worker_threads";
import { makeTables, PlayedKernel } from "./played_kernel.ts";
import { BASE, type Closable, type PlayerData, Prop, sceneAt, selfOf } from "./player.ts";
import type { Scene } from "./scene.ts";
import { type Cast, LEADER, makeShared, type Slice, Stage } from "./stage.ts";
import { makeBuffers, StoreBuffers, type StoreRules } from "./store_buffers.ts";

/** Starts a player, and waits until it can play. */
function start(data: PlayerData): Promise<Worker> {
  const worker = new Worker(new URL("./player.ts", import.meta.url), { workerData: data });
  return new Promise((resolve, reject) => {
    worker.once("message", () => resolve(worker));
    worker.once("error", reject);
  });
}

function textOf({ accesses, kills = false, late = 0 }: Slice): string {
  return `${accesses}${kills ? " and is killed" : ""}${late > 0 ? `, when the time of ${late} is up` : ""}`;
}

export class Troupe {
  readonly #shared = makeShared(makeBuffers());
  readonly #stage = new Stage(LEADER, this.#shared);
  readonly #tables = makeTables();
  readonly #stores = new StoreBuffers(LEADER, this.#shared);
  readonly #kernel = new PlayedKernel(this.#stage, this.#shared, this.#stores, this.#tables);
  #workers: readonly Worker[] = [];
  #scene: Scene<Closable> | undefined;
  #lives: readonly string[] = [];
  plays = 0;
  rules: StoreRules = { kept: 0, hasBarriers: true };

  static async start(players: number): Promise<Troupe> {
    const troupe = new Troupe();
    const common = { shared: troupe.#shared, tables: troupe.#tables };
    const numbers = Array.from({ length: players }, (_, index) => index + 1);
    troupe.#workers = await Promise.all(numbers.map((number) => start({ ...common, number })));
    return troupe;
  }

  /** What is played from here on, by as many as there are lives. */
  async learn(cast: Cast): Promise<void> {
    this.#scene = await sceneAt(cast.url, cast.name);
    this.#lives = cast.lives;
    this.#stage.announce(cast);
  }

  async close(): Promise<void> {
    this.#stage.close(this.#workers.length);
    for (const worker of this.#workers) await worker.terminate();
  }

  /** One play; throws what went wrong in it. */
  play(slices: readonly Slice[]): void {
    this.plays++;
    const buffer = this.#shared.memory as unknown as ArrayBuffer;
    new Uint8Array(buffer).fill(0);
    this.#kernel.reset();
    this.#stores.prepare(this.rules);
    this.#stage.prepare(slices);
    this.#scene?.fill?.(buffer, BASE);
    this.#stage.play();
    if (this.#stage.failure === "") this.#judge(buffer);
    this.#stage.clear();
    const { failure } = this.#stage;
    if (failure === "") return;
    const text = slices.map(textOf).join(", ");
    const { kept } = this.rules;
    const kind = kept === 0 ? "" : `, up to ${kept} stores kept`;
    throw new Error(`${this.#lives.join(" beside ")}, slices of ${text}${kind}: ${failure}`);
  }

  #judge(buffer: ArrayBuffer): void {
    const scene = this.#scene as Scene<Closable>;
    const newcomer = new Prop(scene, LEADER, buffer);
    try {
      scene.judge(newcomer.object, selfOf(this.#stage));
    } catch (error) {
      this.#stage.fail(`${(error as Error).stack}`);
    }
    newcomer.clear();
  }

  /** How many accesses were made in the slice of that number. */
  madeIn(slice: number): number {
    return this.#stage.madeIn(slice);
  }

  /** Whether the slice of that number slept or ended before it was used up: more accesses are the same play. */
  wasCutShort(slice: number): boolean {
    return this.#stage.wasCutShort(slice);
  }
}

export interface Exploration {
  /** How many stops. */
  readonly depth: number;
  /** By number; 0: nobody. */
  readonly victim?: number;
  readonly stride?: number;
}

/** Behind the stops: the first one is killed when all have. */
const endingOf = (victim: number): Slice[] => (victim === 1 ? [{ accesses: 0, kills: true }] : []);

/** Whether the `victim` is killed at that stop. */
const killsAt = (stop: number, victim: number) => stop > 0 && stop === victim - 1;

/**
 * All places at which the first player stops, at each of them all at which the next one does, and so on, `depth` stops in
 * all; then they go on, one after the other. The `victim` (0: nobody) is killed where it has stopped: the first one when all
 * have. Of the places at each stop, one in `stride`.
 */
export function explore(troupe: Troupe, { depth, victim = 0, stride = 1 }: Exploration): void {
  const stops: Slice[] = [];
  const deepen = (): void => {
    const slice = stops.length;
    for (let accesses = 0; ; accesses += stride) {
      stops[slice] = { accesses, kills: killsAt(slice, victim) };
      if (stops.length < depth) deepen();
      else troupe.play([...stops, ...endingOf(victim)]);
      if (troupe.wasCutShort(slice)) break;
    }
    stops.length = slice;
  };
  deepen();
}

/** What happens in a play beside the stops. */
export interface Turn {
  /** Whose time is up, and behind which stop. */
  readonly late: { readonly player: number; readonly stop: number };
  /** Who is killed, at its stop, by number; 0: nobody. */
  readonly victim: number;
}

/** Their multiples, modulo 1, are spread evenly: a Kronecker sequence. */
const ROOTS = [2, 3, 5, 7].map(Math.sqrt);
/** Of the stops so many are no stops: it goes on until it sleeps or has ended. */
const ENDLESS_PART = 0.25;
const ENDLESS = 10_000;

/** So many plays with as many `stops`, at places that are spread over all that there are, and each of the turns in turn. */
export function sample(troupe: Troupe, stops: number, turns: readonly Turn[], plays: number): void {
  const lengths: number[] = Array(stops).fill(0);
  for (let play = 0; play < plays; play++) {
    const { late, victim } = turns[play % turns.length] as Turn;
    const slices = lengths.map((length, stop) => {
      const place = (play * (ROOTS[stop] as number)) % 1;
      const accesses =
        place < ENDLESS_PART ? ENDLESS : Math.floor(((place - ENDLESS_PART) / (1 - ENDLESS_PART)) * length);
      return { accesses, kills: killsAt(stop, victim), late: late.stop === stop ? late.player : 0 };
    });
    troupe.play([...slices, ...endingOf(victim)]);
    for (const stop of lengths.keys()) lengths[stop] = Math.max(lengths[stop] as number, troupe.madeIn(stop) + 1);
  }
}
