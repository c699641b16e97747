// The kernel's part on a stage: whoever has the turn plays the shim's calls over tables that all players share.
//
// As in ../kernel.ts, a sleep begins only while its word has the expected value, and ends by a wake-up or by the death of
// somebody whom it watches, never by itself; here also where the play says that the sleeper's time is up. Each call is a
// step, as an access is: nobody is stopped in its middle.

import * as layout from "../../../src/memory/layout.ts";
import { environment } from "../../../src/runtime/environment.ts";
import { errno } from "../../../src/sys/errno.ts";
import { clockMonotonic } from "../../../src/sys/futex.ts";
import { DIFFERED, STILL_WAITING, WOKEN } from "../../../src/wait/futex_wait.ts";
import { PLAYERS_MOST, type SharedStage, type Stage, state } from "./stage.ts";
import type { StoreBuffers } from "./store_buffers.ts";

/** Each player maps the memory somewhere else. */
export const ADDRESSES = 2 ** 32;
/** Descriptors that are open nowhere; the player's number is added to each. */
export const DESCRIPTORS = 100_000;

const WATCHES_MOST = 16;
const LIVES_MOST = 8;
const AWAITED_MOST = 16;
/** Sleeps that are to last so long have no end of their own: the library comes up from them to look again. */
const ENDLESS_NS = 100_000_000;

/**
 * In words. A player: where it blocks, whether for a time, whether that was up, beside how many lives, those, its watches,
 * and the futexes that it has awaited.
 */
const BLOCKS = 0;
const IS_TIMED = 1;
const TIMED_OUT = 2;
const LIVES = 3;
const FIRST_LIFE = 4;
const WATCHES = FIRST_LIFE + LIVES_MOST;
const FIRST_WATCH = WATCHES + 1;
/** A watch: the byte that it is at, whether a life stands there, what it expects, whether it is armed, and its id. */
const [AT, IS_LIFE, EXPECTED, ARMED, TOLD, ID] = [0, 1, 2, 3, 4, 5] as const;
const WATCH_WORDS = 6;
/** An awaited futex: the byte that it is at, what came of it, whether that is to be told, and its id. */
const AWAITED = FIRST_WATCH + WATCHES_MOST * WATCH_WORDS;
const FIRST_AWAITED = AWAITED + 1;
const [FUTEX_AT, OUTCOME, FUTEX_TOLD, FUTEX_ID] = [0, 1, 2, 3] as const;
const AWAITED_WORDS = 4;
const PLAYER_WORDS = FIRST_AWAITED + AWAITED_MOST * AWAITED_WORDS;
/** Beside an id: there is more to tell. */
const MORE = 2 ** 30;
/** What came of an awaited futex whose caller has left. */
const LEFT = -1;
const NOWHERE = -1;

export function makeTables(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * PLAYER_WORDS * (PLAYERS_MOST + 1));
}

export class PlayedKernel {
  readonly #stage: Stage;
  readonly #words: Int32Array;
  readonly #tables: Int32Array;
  readonly #stores: StoreBuffers;
  readonly #scratch = environment();
  deliver: () => void = () => {};

  constructor(stage: Stage, { memory }: SharedStage, stores: StoreBuffers, tables: SharedArrayBuffer) {
    this.#stage = stage;
    this.#stores = stores;
    this.#words = new Int32Array(memory);
    this.#tables = new Int32Array(tables);
    stage.onDeath = () => this.kill(stage.me);
    stage.onLate = (player) => this.expire(player);
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

  /** A call begins: whatever it does comes behind all that was stored before. */
  #enter(): void {
    this.#stage.step();
    this.#stores.settle();
  }

  /** As membarrier(2), for all players. */
  barrier(): number {
    this.#stage.step();
    this.#stores.settleAll();
    return 0;
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
    this.#stores.settle(player);
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
    this.#enter();
    const offset = this.#offset(address);
    this.#words[offset / 4] += 1;
    return this.#wake(offset, Number.POSITIVE_INFINITY);
  }

  wake(address: number, count: number): number {
    this.#enter();
    return this.#wake(this.#offset(address), count);
  }

  /** Wakes threads and engines, up to `count`; how many. */
  #wake(offset: number, count: number): number {
    let woken = 0;
    for (let player = 1; player <= PLAYERS_MOST && woken < count; player++) {
      if (this.#stage.stateOf(player) === state.DEAD) continue;
      if (this.#rouse(player, offset)) woken++;
      woken += this.#wakeAwaited(player, offset, count - woken);
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
    this.#ring(player);
  }

  /** There is news for its event loop. */
  #ring(player: number): void {
    const isBlocked = this.#tables[this.#of(player) + BLOCKS] !== NOWHERE; // its event loop does not run then
    if (this.#stage.stateOf(player) === state.ASLEEP && !isBlocked) this.#stage.set(player, state.READY);
  }

  /** Blocks until it is roused, or its time is up. */
  sleep(address: number, expected: number, lives: readonly number[], until: number): number {
    this.#enter();
    const offset = this.#offset(address);
    if (this.#words[offset / 4] !== expected) return -errno.EAGAIN;
    const places = lives.map((life) => this.#offset(life));
    if (places.some((life) => this.#isDeadAt(life))) return -errno.EOWNERDEAD;
    const left = until - clockMonotonic();
    if (left <= 0) return -errno.ETIMEDOUT;
    const at = this.#of(this.#stage.me);
    this.#tables[at + BLOCKS] = offset;
    this.#tables[at + IS_TIMED] = left < ENDLESS_NS ? 1 : 0;
    this.#tables[at + TIMED_OUT] = 0;
    this.#tables[at + LIVES] = places.length;
    this.#tables.set(places, at + FIRST_LIFE);
    this.#stage.sleep();
    return this.#tables[at + TIMED_OUT] === 1 ? -errno.ETIMEDOUT : 0;
  }

  /** As `sleep`, over pairs in the scratch block: the eventcount, then the lives. */
  sleepAmong(pairs: number, count: number, until: number): number {
    const { scratchView, scratchAddress } = this.#scratch;
    const double = (index: number) => scratchView.getFloat64(pairs - scratchAddress + index * 8, true);
    const lives = Array.from({ length: count - 1 }, (_, index) => double(2 + 2 * index));
    return this.sleep(double(0), double(1), lives, until);
  }

  /** A player's time is up: it sleeps no longer where that was for a time, and its event loop looks at its timers. */
  expire(player: number): void {
    if (this.#stage.stateOf(player) !== state.ASLEEP) return;
    const at = this.#of(player);
    if (this.#tables[at + BLOCKS] !== NOWHERE) {
      if (this.#tables[at + IS_TIMED] === 0) return;
      this.#tables[at + BLOCKS] = NOWHERE;
      this.#tables[at + TIMED_OUT] = 1;
    }
    this.#stage.set(player, state.READY);
  }

  // -- watches ---------------------------------------------------------------------------------------------------

  addWatch(address: number, lifeFor: number, id: number): number {
    const at = this.#of(this.#stage.me);
    const index = this.#tables[at + WATCHES] as number;
    if (index === WATCHES_MOST) throw new Error("a player has too many watches");
    this.#tables[at + WATCHES] = index + 1;
    this.#tables.set(
      [this.#offset(address), lifeFor === 0 ? 0 : 1, 0, 0, 0, id],
      at + FIRST_WATCH + index * WATCH_WORDS,
    );
    return at + FIRST_WATCH + index * WATCH_WORDS;
  }

  arm(watch: number, expected: number): number {
    this.#enter();
    this.#tables[watch + EXPECTED] = expected;
    if (this.#hasChanged(watch)) return 1;
    this.#tables[watch + ARMED] = 1;
    return 0;
  }

  disarm(watch: number): number {
    this.#tables[watch + ARMED] = 0;
    return 0;
  }

  /** The id of a watch or an awaited futex that has something to tell. */
  take(): number {
    const told = this.#told();
    if (told === undefined) return -errno.EAGAIN;
    this.#tables[told.flag] = 0;
    return (this.#tables[told.id] as number) + (this.hasNews ? MORE : 0);
  }

  /** Where that stands. */
  #told(): { flag: number; id: number } | undefined {
    const at = this.#of(this.#stage.me);
    for (let index = 0; index < (this.#tables[at + WATCHES] as number); index++) {
      const watch = at + FIRST_WATCH + index * WATCH_WORDS;
      if (this.#tables[watch + TOLD] === 1) return { flag: watch + TOLD, id: watch + ID };
    }
    for (const awaited of this.#awaitedBy(this.#stage.me))
      if (this.#tables[awaited + FUTEX_TOLD] === 1) return { flag: awaited + FUTEX_TOLD, id: awaited + FUTEX_ID };
    return undefined;
  }

  get hasNews(): boolean {
    return this.#told() !== undefined;
  }

  // -- awaited futexes -------------------------------------------------------------------------------------------

  #awaitedBy(player: number): number[] {
    const at = this.#of(player);
    const count = this.#tables[at + AWAITED] as number;
    return Array.from({ length: count }, (_, index) => at + FIRST_AWAITED + index * AWAITED_WORDS);
  }

  /** It stands in the queue of the word, unless that differs. */
  await(address: number, expected: number, id: number): number {
    this.#enter();
    const at = this.#of(this.#stage.me);
    const awaited = at + FIRST_AWAITED + (this.#tables[at + AWAITED] as number) * AWAITED_WORDS;
    if ((this.#tables[at + AWAITED] as number) === AWAITED_MOST) throw new Error("a player awaits too many futexes");
    this.#tables[at + AWAITED] += 1;
    const offset = this.#offset(address);
    const differs = this.#words[offset / 4] !== expected;
    this.#tables.set([offset, differs ? DIFFERED : STILL_WAITING, differs ? 1 : 0, id], awaited);
    return awaited;
  }

  /** Up to `count` of those whom it awaits the word for; how many. */
  #wakeAwaited(player: number, offset: number, count: number): number {
    const waiting = this.#awaitedBy(player).filter(
      (awaited) => this.#tables[awaited + FUTEX_AT] === offset && this.#tables[awaited + OUTCOME] === STILL_WAITING,
    );
    for (const awaited of waiting.slice(0, count)) {
      this.#tables[awaited + OUTCOME] = WOKEN;
      this.#tables[awaited + FUTEX_TOLD] = 1;
      this.#ring(player);
    }
    return Math.min(waiting.length, count);
  }

  leaveAwaited(awaited: number): number {
    this.#enter();
    const outcome = this.#tables[awaited + OUTCOME] as number;
    this.#tables[awaited + OUTCOME] = LEFT;
    this.#tables[awaited + FUTEX_TOLD] = 0;
    return outcome;
  }

  /** From here on this thread's shim only plays. */
  #replaceCalls(): void {
    const played: Record<string, (...values: number[]) => number> = {
      participant_attach: (fd) => this.attach(fd as number),
      participant_bury: () => 0, // who is dead, is marked
      participant_dead: () => 0,
      participant_owner: (handle) => this.ownerOf(handle as number),
      futex_advance: (address) => this.advance(address as number),
      futex_wake: (address, count) => this.wake(address as number, count as number),
      watch_add: (address, lifeFor, id) => this.addWatch(address as number, lifeFor as number, id as number),
      watch_arm: (watch, expected) => this.arm(watch as number, expected as number),
      watch_remove: (watch) => this.disarm(watch as number),
      watch_take: () => this.take(),
      wait_event: (address, expected, life, until) =>
        this.sleep(address as number, expected as number, life === 0 ? [] : [life as number], until as number),
      wait_event_among: (pairs, count, until) => this.sleepAmong(pairs as number, count as number, until as number),
      futex_wait_any: (pairs, _, until) => this.sleepAmong(pairs as number, 1, until as number),
      futex_await: (address, expected, id) => this.await(address as number, expected as number, id as number),
      futex_leave: (awaited) => this.leaveAwaited(awaited as number),
      measure_wake: () => 0, // nobody spins
      membarrier: () => this.barrier(),
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
