// Troupe: players, and the leader that sets up their plays, goes through their interleavings and judges.

import { Worker } from "node:worker_threads";
import { makeTables, PlayedKernel } from "./played_kernel.ts";
import { BASE, type Closable, type PlayerData, Prop, sceneAt, selfOf } from "./player.ts";
import type { Scene } from "./scene.ts";
import { type Cast, LEADER, makeShared, type Slice, Stage } from "./stage.ts";

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
  readonly #shared = makeShared();
  readonly #stage = new Stage(LEADER, this.#shared);
  readonly #tables = makeTables();
  readonly #kernel = new PlayedKernel(this.#stage, this.#shared, this.#tables);
  #workers: readonly Worker[] = [];
  #scene: Scene<Closable> | undefined;
  #lives: readonly string[] = [];
  plays = 0;

  static async start(players: number): Promise<Troupe> {
    const troupe = new Troupe();
    const common = { shared: troupe.#shared, tables: troupe.#tables };
    const numbers = Array.from({ length: players }, (_, index) => index + 1);
    troupe.#workers = await Promise.all(numbers.map((number) => start({ ...common, number })));
    return troupe;
  }

  get players(): number {
    return this.#lives.length;
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
    this.#stage.prepare(slices);
    this.#scene?.fill?.(buffer, BASE);
    this.#stage.play();
    if (this.#stage.failure === "") this.#judge(buffer);
    this.#stage.clear();
    const { failure } = this.#stage;
    if (failure === "") return;
    const text = slices.map(textOf).join(", ");
    throw new Error(`${this.#lives.join(" beside ")}, slices of ${text}: ${failure}`);
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
  /** Whose time is up, and behind which of the stops. */
  readonly late?: { readonly player: number; readonly stop: number };
  readonly stride?: number;
}

/**
 * All places at which the first player stops, at each of them all at which the next one does, and so on, `depth` stops in
 * all; then they go on, one after the other. The `victim` is killed where it has stopped: the first one when all have.
 * Of the places at each stop, one in `stride`: the first ones, or where somebody's time is up, others each time.
 */
export function explore(troupe: Troupe, { depth, victim = 0, late, stride = 1 }: Exploration): void {
  const stops: Slice[] = [];
  const end = victim === 1 ? troupe.players : victim - 1;
  const ending = end === depth ? [{ accesses: 0, kills: true }] : [];
  const deepen = (): void => {
    const slice = stops.length;
    const kills = slice === end;
    const first = late === undefined ? 0 : troupe.plays % stride;
    for (let accesses = first; ; accesses += stride) {
      stops[slice] = { accesses, kills, late: late?.stop === slice ? late.player : 0 };
      if (stops.length < depth) deepen();
      else troupe.play([...stops, ...ending]);
      if (troupe.wasCutShort(slice)) break;
    }
    stops.length = slice;
  };
  deepen();
}
