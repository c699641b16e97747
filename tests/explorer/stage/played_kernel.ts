// The kernel's part on a stage: whoever has the turn plays the shim's calls over tables that all players share.
//
// As in ../kernel.ts, a sleep begins only while its word has the expected value, and ends by a wake-up or by the death of
// somebody whom it watches, never by itself. Each call is a step, as an access is: nobody is stopped in its middle.

import * as layout from "../../../src/memory/layout.ts";
import { environment } from "../../../src/runtime/environment.ts";
import { errno } from "../../../src/sys/errno.ts";
import { PLAYERS_MOST, type SharedStage, type Stage, state } from "./stage.ts";

/** Each player maps the memory somewhere else. */
export const ADDRESSES = 2 ** 32;
/** Descriptors that are open nowhere; the player's number is added to each. */
export const DESCRIPTORS = 100_000;

const WATCHES_MOST = 16;
const LIVES_MOST = 8;

/** In words. A player: where it blocks, beside how many lives, those, and its watches. */
const BLOCKS = 0;
const LIVES = 1;
const FIRST_LIFE = 2;
const WATCHES = FIRST_LIFE + LIVES_MOST;
const FIRST_WATCH = WATCHES + 1;
/** A watch: the byte that it is at, whether a life stands there, what it expects, whether it is armed, and its id. */
const [AT, IS_LIFE, EXPECTED, ARMED, TOLD, ID] = [0, 1, 2, 3, 4, 5] as const;
const WATCH_WORDS = 6;
const PLAYER_WORDS = FIRST_WATCH + WATCHES_MOST * WATCH_WORDS;
const NOWHERE = -1;

export function makeTables(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * PLAYER_WORDS * (PLAYERS_MOST + 1));
}

export class PlayedKernel {
  readonly #stage: Stage;
  readonly #words: Int32Array;
  readonly #tables: Int32Array;
  readonly #scratch = environment();
  deliver: () => void = () => {};

  constructor(stage: Stage, { memory }: SharedStage, tables: SharedArrayBuffer) {
    this.#stage = stage;
    this.#words = new Int32Array(memory);
    this.#tables = new Int32Array(tables);
    stage.onDeath = () => this.kill(stage.me);
    this.#replaceCalls();
  }

  /** The leader's, before a play. */
  reset(): void {
    this.#tables.fill(0);
    for (let player = 0; player <= PLAYERS_MOST; player++) this.#tables[this.#of(player) + BLOCKS] = NOWHERE;
  }

  #of(player: number): number {
    return player * PLAYER_WORDS;
  }

  #offset(address: number): number {
    return address % ADDRESSES;
  }

  /** The leader's slot is behind the players'. */
  #slot(player: number): number {
    return (player === 0 ? PLAYERS_MOST : player - 1) * layout.SLOT_SIZE;
  }

  // -- life and death --------------------------------------------------------------------------------------------

  attach(fd: number): number {
    const player = fd - DESCRIPTORS;
    const slot = this.#slot(player) / 4;
    this.#words[slot + layout.SLOT_LIFE_OFFSET / 4] = player + 1;
    this.#words[slot + layout.SLOT_GENERATION_OFFSET / 4] = 1;
    this.#words[slot + layout.SLOT_PID_OFFSET / 4] = player;
    return player + 1;
  }

  ownerOf(handle: number): number {
    return (1 << layout.OWNER_GENERATION_SHIFT) | (this.#slot(handle - 1) / layout.SLOT_SIZE + 1);
  }

  /** Marks its life word, and wakes who watches that. */
  kill(player: number): void {
    this.#stage.set(player, state.DEAD);
    const life = this.#slot(player) + layout.SLOT_LIFE_OFFSET;
    this.#words[life / 4] |= layout.OWNER_DIED;
    this.#wake(life, Number.POSITIVE_INFINITY);
  }

  #isDeadAt(life: number): boolean {
    return ((this.#words[life / 4] as number) & layout.OWNER_DIED) !== 0;
  }

  // -- sleeping and waking ---------------------------------------------------------------------------------------

  advance(address: number): number {
    this.#stage.step();
    const offset = this.#offset(address);
    this.#words[offset / 4] += 1;
    return this.#wake(offset, Number.POSITIVE_INFINITY);
  }

  wake(address: number, count: number): number {
    this.#stage.step();
    return this.#wake(this.#offset(address), count);
  }

  /** Wakes threads and engines, up to `count`; how many. */
  #wake(offset: number, count: number): number {
    let woken = 0;
    for (let player = 1; player <= PLAYERS_MOST && woken < count; player++) {
      if (this.#stage.stateOf(player) === state.DEAD) continue;
      if (this.#rouse(player, offset)) woken++;
      if (this.#lookAtWatches(player, offset)) woken++;
    }
    return woken;
  }

  /** A thread that blocks. */
  #rouse(player: number, offset: number): boolean {
    const at = this.#of(player);
    if (this.#tables[at + BLOCKS] === NOWHERE) return false;
    const lives = this.#tables.subarray(at + FIRST_LIFE, at + FIRST_LIFE + (this.#tables[at + LIVES] as number));
    if (this.#tables[at + BLOCKS] !== offset && !lives.includes(offset)) return false;
    this.#tables[at + BLOCKS] = NOWHERE;
    this.#stage.set(player, state.READY);
    return true;
  }

  /** As the engine of a player, which tells its event loop what has changed. */
  #lookAtWatches(player: number, offset: number): boolean {
    const at = this.#of(player);
    let isAny = false;
    for (let index = 0; index < (this.#tables[at + WATCHES] as number); index++) {
      const watch = at + FIRST_WATCH + index * WATCH_WORDS;
      if (this.#tables[watch + AT] !== offset) continue;
      isAny = true;
      if (this.#tables[watch + ARMED] === 1 && this.#hasChanged(watch)) this.#tell(player, watch);
    }
    return isAny;
  }

  #hasChanged(watch: number): boolean {
    const offset = this.#tables[watch + AT] as number;
    if (this.#tables[watch + IS_LIFE] === 1) return this.#isDeadAt(offset);
    return this.#words[offset / 4] !== this.#tables[watch + EXPECTED];
  }

  #tell(player: number, watch: number): void {
    this.#tables[watch + ARMED] = 0;
    this.#tables[watch + TOLD] = 1;
    const isBlocked = this.#tables[this.#of(player) + BLOCKS] !== NOWHERE; // its event loop does not run then
    if (this.#stage.stateOf(player) === state.ASLEEP && !isBlocked) this.#stage.set(player, state.READY);
  }

  /** Blocks until it is roused. */
  sleep(address: number, expected: number, lives: readonly number[]): number {
    this.#stage.step();
    const offset = this.#offset(address);
    if (this.#words[offset / 4] !== expected) return -errno.EAGAIN;
    const places = lives.map((life) => this.#offset(life));
    if (places.some((life) => this.#isDeadAt(life))) return -errno.EOWNERDEAD;
    const at = this.#of(this.#stage.me);
    this.#tables[at + BLOCKS] = offset;
    this.#tables[at + LIVES] = places.length;
    this.#tables.set(places, at + FIRST_LIFE);
    this.#stage.sleep();
    return 0;
  }

  /** As `sleep`, over pairs in the scratch block: the eventcount, then the lives. */
  sleepAmong(pairs: number, count: number): number {
    const { scratchView, scratchAddress } = this.#scratch;
    const double = (index: number) => scratchView.getFloat64(pairs - scratchAddress + index * 8, true);
    const lives = Array.from({ length: count - 1 }, (_, index) => double(2 + 2 * index));
    return this.sleep(double(0), double(1), lives);
  }

  // -- watches ---------------------------------------------------------------------------------------------------

  addWatch(address: number, isLife: number, id: number): number {
    const at = this.#of(this.#stage.me);
    const index = this.#tables[at + WATCHES] as number;
    if (index === WATCHES_MOST) throw new Error("a player has too many watches");
    this.#tables[at + WATCHES] = index + 1;
    this.#tables.set([this.#offset(address), isLife, 0, 0, 0, id], at + FIRST_WATCH + index * WATCH_WORDS);
    return at + FIRST_WATCH + index * WATCH_WORDS;
  }

  arm(watch: number, expected: number): number {
    this.#stage.step();
    this.#tables[watch + EXPECTED] = expected;
    if (this.#hasChanged(watch)) return 1;
    this.#tables[watch + ARMED] = 1;
    return 0;
  }

  disarm(watch: number): number {
    this.#tables[watch + ARMED] = 0;
    return 0;
  }

  /** The id of a watch that has something to tell. */
  take(): number {
    const watch = this.#told();
    if (watch === undefined) return -errno.EAGAIN;
    this.#tables[watch + TOLD] = 0;
    return this.#tables[watch + ID] as number;
  }

  #told(): number | undefined {
    const at = this.#of(this.#stage.me);
    for (let index = 0; index < (this.#tables[at + WATCHES] as number); index++) {
      const watch = at + FIRST_WATCH + index * WATCH_WORDS;
      if (this.#tables[watch + TOLD] === 1) return watch;
    }
    return undefined;
  }

  get hasNews(): boolean {
    return this.#told() !== undefined;
  }

  /** From here on this thread's shim only plays. */
  #replaceCalls(): void {
    const played: Record<string, (...values: number[]) => number> = {
      participant_attach: (fd) => this.attach(fd as number),
      participant_dead: () => 0, // who is, is marked
      participant_owner: (handle) => this.ownerOf(handle as number),
      futex_advance: (address) => this.advance(address as number),
      futex_wake: (address, count) => this.wake(address as number, count as number),
      watch_add: (address, isLife, id) => this.addWatch(address as number, isLife as number, id as number),
      watch_arm: (watch, expected) => this.arm(watch as number, expected as number),
      watch_remove: (watch) => this.disarm(watch as number),
      watch_take: () => this.take(),
      wait_event: (address, expected, life) =>
        this.sleep(address as number, expected as number, life === 0 ? [] : [life as number]),
      wait_event_among: (pairs, count) => this.sleepAmong(pairs as number, count as number),
      measure_wake: () => 0, // nobody spins
      membarrier: () => 0,
      membarrier_register: () => 0,
      fstat: () => -errno.EBADF,
    };
    const onWake = (callback: () => void) => {
      this.deliver = callback;
    };
    Object.assign(this.#scratch, {
      calls: Object.assign(Object.create(this.#scratch.calls), played),
      onWake,
      refWake() {},
    });
  }
}
