// The board: one shared memory by which main tells the stages when to start and stop, and they tell it how they are.
//
//   0x000  i32 command                                                  main writes, the feed reads
//   0x400 * (1 + stage)  a row for each stage                           the stage writes, main reads
//
//   row    0x000  i32 state    0x008  title, 56 bytes of ASCII with zeros behind
//          0x040  f64 counters, see COUNTERS
//          0x100  f64 two hops: 5 figures of the last moments, 5 of the whole run, 24 bars of a picture
//
// What a stage has counted stays readable when it is killed: the numbers live here, not in its heap.

import { SharedMemory } from "@linux-ipc/core";
import { STAGES, type StageName } from "./job.ts";

const ROW_SIZE = 0x400;
const TITLE = 0x008;
const TITLE_SIZE = 56;
const COUNTERS_OFFSET = 0x40;
const HOPS_OFFSET = 0x100;

export const COMMAND = { wait: 0, go: 1, stop: 2 } as const;
export const STATE = { starting: 0, ready: 1, running: 2, done: 3 } as const;

export const COUNTERS = {
  received: 0,
  sent: 1,
  lost: 2,
  duplicated: 3,
  torn: 4,
  orders: 5,
  accepted: 6,
  overPosition: 7,
  overNotional: 8,
} as const;

/** Figures of a hop, in ns but for the count. */
export const FIGURES = { count: 0, p50: 1, p99: 2, p999: 3, max: 4 } as const;
const FIGURE_COUNT = 5;
/** Bars of a picture: below 1 us, 1 to 2 us, 2 to 4 us and so on. */
export const BAR_COUNT = 24;
const HOP_LENGTH = 2 * FIGURE_COUNT + BAR_COUNT;

/** One hop's latencies, as views of the board. */
export class Hop {
  readonly recent: Float64Array;
  readonly whole: Float64Array;
  readonly bars: Float64Array;

  constructor(buffer: ArrayBuffer, offset: number) {
    this.recent = new Float64Array(buffer, offset, FIGURE_COUNT);
    this.whole = new Float64Array(buffer, offset + FIGURE_COUNT * 8, FIGURE_COUNT);
    this.bars = new Float64Array(buffer, offset + 2 * FIGURE_COUNT * 8, BAR_COUNT);
  }
}

/** One stage's row. */
export class Row {
  readonly counters: Float64Array;
  /** The engine has one (from the feed), the risk manager two: from the engine, and from the feed to the end. */
  readonly hops: readonly [Hop, Hop];
  readonly #state: Int32Array;
  readonly #title: Uint8Array;

  constructor(buffer: ArrayBuffer, offset: number) {
    this.#state = new Int32Array(buffer, offset, 1);
    this.#title = new Uint8Array(buffer, offset + TITLE, TITLE_SIZE);
    this.counters = new Float64Array(buffer, offset + COUNTERS_OFFSET, Object.keys(COUNTERS).length);
    const hops = offset + HOPS_OFFSET;
    this.hops = [new Hop(buffer, hops), new Hop(buffer, hops + HOP_LENGTH * 8)];
  }

  get state(): number {
    return Atomics.load(this.#state, 0);
  }

  set state(state: number) {
    Atomics.store(this.#state, 0, state);
  }

  count(name: keyof typeof COUNTERS): number {
    return this.counters[COUNTERS[name]] ?? 0;
  }

  /** The runtime and its version. */
  get title(): string {
    return new TextDecoder().decode(this.#title.slice()).replace(/\0+$/, "");
  }

  set title(title: string) {
    new TextEncoder().encodeInto(title, this.#title);
  }
}

export class Board {
  readonly rows: Record<StageName, Row>;
  readonly #memory: SharedMemory;
  readonly #command: Int32Array;

  private constructor(memory: SharedMemory) {
    const { buffer } = memory;
    this.#memory = memory;
    this.#command = new Int32Array(buffer, 0, 1);
    const row = (stage: StageName) => new Row(buffer, ROW_SIZE * (1 + STAGES.indexOf(stage)));
    this.rows = { feed: row("feed"), engine: row("engine"), risk: row("risk") };
  }

  static create(name: string): Board {
    return new Board(SharedMemory.create(name, { size: ROW_SIZE * (1 + STAGES.length) }));
  }

  static open(name: string): Board {
    return new Board(SharedMemory.open(name));
  }

  get command(): number {
    return Atomics.load(this.#command, 0);
  }

  set command(command: number) {
    Atomics.store(this.#command, 0, command);
  }

  close(): void {
    this.#memory.close();
  }
}
