// Player: a thread that lives one life of a scene in each play, with the library's own objects on traced memory.

import { setImmediate } from "node:timers";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import * as layout from "../../../src/memory/layout.ts";
import type { MemoryRegion } from "../../../src/memory/memory_region.ts";
import { Participants } from "../../../src/memory/participants.ts";
import type { Placement } from "../../../src/memory/placement.ts";
import { Crash, TracedMemory } from "../traced.ts";
import { PlayedClock } from "./played_clock.ts";
import { ADDRESSES, DESCRIPTORS, PlayedKernel } from "./played_kernel.ts";
import type { Life, Scene, Self } from "./scene.ts";
import { type SharedStage, Stage, state } from "./stage.ts";
import { StoreBuffers } from "./store_buffers.ts";

export interface PlayerData {
  readonly number: number;
  readonly shared: SharedStage;
  readonly tables: SharedArrayBuffer;
}

export interface Closable {
  unref(): unknown;
  close(): void;
}

/** Where the object lies, behind the table of participants. */
export const BASE = layout.PARTICIPANTS_SIZE;

let lastFile = 0;

/** What the player of that number has mapped. */
function mapping(number: number, buffer: ArrayBuffer): MemoryRegion {
  const place = { buffer, address: number * ADDRESSES, size: buffer.byteLength };
  const nothing = { beforeClose() {}, afterClose() {}, close() {} };
  return { ...place, ...nothing, fd: DESCRIPTORS + number, fileOffset: ++lastFile * ADDRESSES, name: "explored" };
}

/** The object of a play, as one user has it. */
export class Prop {
  readonly object: Closable;
  readonly #memory: MemoryRegion;

  constructor(scene: Scene<Closable>, number: number, buffer: ArrayBuffer) {
    this.#memory = mapping(number, buffer);
    const participants = Participants.over(this.#memory, 0);
    participants.join();
    const placement = { memory: this.#memory, base: BASE, participants, name: "explored", created: false };
    this.object = scene.make({ ...placement, ownsMemory: false } as Placement);
    this.object.unref();
  }

  /** Without giving anything back: the library forgets what it watches. */
  clear(): void {
    Object.assign(this.#memory, { size: 0 });
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0; // each makes errors for who might wait
    this.object.close();
    Error.stackTraceLimit = stackTraceLimit;
  }
}

export async function sceneAt(url: string, name: string): Promise<Scene<Closable>> {
  const module = (await import(url)) as Record<string, Scene<Closable>>;
  return module[name] as Scene<Closable>;
}

export function selfOf(stage: Stage): Self {
  return {
    number: stage.me,
    notes: stage.notes,
    isDead: (user) => stage.stateOf(user) === state.DEAD,
    get isLate() {
      return stage.timesOf(stage.me) > 0;
    },
    get asleep() {
      return stage.asleep;
    },
    pass: () => stage.step(),
    fail: (message) => stage.fail(message),
  };
}

/** Until all promises that are kept have been heard of. */
const heard = () => new Promise<void>((resolve) => setImmediate(resolve));

class Player {
  readonly #stage: Stage;
  readonly #stores: StoreBuffers;
  readonly #kernel: PlayedKernel;
  readonly #clock: PlayedClock;
  readonly #traced: TracedMemory;
  #scene: Scene<Closable> | undefined;
  #life: Life<Closable> | undefined;
  /** The number of the cast whose part it knows. */
  #cast = 0;

  constructor({ number, shared, tables }: PlayerData) {
    this.#stage = new Stage(number, shared);
    this.#stores = new StoreBuffers(number, shared);
    this.#kernel = new PlayedKernel(this.#stage, shared, this.#stores, tables);
    this.#clock = new PlayedClock(this.#stage);
    this.#traced = new TracedMemory(shared.memory as unknown as ArrayBuffer);
    this.#traced.order = this.#stores;
    this.#traced.onAccess = (_, offset) => {
      if (!this.#isNobodys(offset)) this.#stage.step();
    };
  }

  #isNobodys(offset: number): boolean {
    const perSlot = this.#scene?.perSlot ?? [];
    const slots = perSlot.map((array) => (offset - BASE - array) / 4);
    return slots.some((slot) => slot >= this.#stage.players && slot < layout.PARTICIPANTS_COUNT);
  }

  /** One play after the other, until the leader has enough. */
  run(): Promise<void> {
    return this.#traced.traceAsync(async () => {
      for (this.#stage.awaitTurn(); !this.#stage.isOver; this.#stage.awaitTurn()) {
        if (this.#cast === this.#stage.casts) await this.#play();
        else await this.#learn();
      }
      this.#stage.passToLeader();
    });
  }

  /** Its part in a new cast. */
  async #learn(): Promise<void> {
    const { url, name, lives } = this.#stage.cast;
    this.#scene = await sceneAt(url, name);
    this.#life = this.#scene.lives[lives[this.#stage.me - 1] as string] as Life<Closable>;
    this.#cast = this.#stage.casts;
    this.#stage.passToLeader();
  }

  async #play(): Promise<void> {
    let prop: Prop | undefined;
    this.#clock.reset();
    this.#stage.begin();
    try {
      prop = new Prop(this.#scene as Scene<Closable>, this.#stage.me, this.#traced.buffer);
      await this.#live(prop.object);
    } catch (error) {
      if (!(error instanceof Crash)) this.#stage.fail(`${(error as Error).stack}`);
    }
    this.#stage.end();
    prop?.clear();
    this.#stage.leave();
  }

  /** Its event loop, until the life has ended: it sleeps while there is no news. Timers come first. */
  async #live(object: Closable): Promise<void> {
    let hasEnded = false;
    const life = (async () => this.#life?.(object, selfOf(this.#stage)))().finally(() => {
      hasEnded = true;
    });
    life.catch(() => {}); // is heard of below
    for (await heard(); !hasEnded && !this.#stage.isDead; await heard()) {
      if (this.#clock.ring()) continue;
      if (this.#kernel.hasNews) this.#kernel.deliver();
      else if (!this.#stores.isSettled) this.#settle();
      else this.#stage.sleep();
    }
    if (!hasEnded) return;
    if (!this.#stores.isSettled) this.#settle();
    await life;
  }

  /** It has nothing to do: what it has stored is seen by and by. */
  #settle(): void {
    this.#stage.step();
    this.#stores.settle();
  }
}

if (!isMainThread) {
  parentPort?.postMessage("ready");
  await new Player(workerData as PlayerData).run();
}
