// Stage: what players, each in a thread of its own, share: whose turn it is, and where each of them stands.
//
// One player acts at a time, until its slice of accesses is used up, or it sleeps or has ended; then the turn passes to the
// next one that can go on. So all of them may be half-way through a call, and a play is the same each time. When nobody can
// go on, the turn is the leader's, which sets up the plays and judges them.

import { Crash } from "../traced.ts";

export const LEADER = 0;
export const PLAYERS_MOST = 4;
const SLICES_MOST = 16;
/** The memory that is played on, bytes: participants and one object. */
const MEMORY_BYTES = 16_384;
/** Words for scenes: accesses to them are no steps. */
const NOTES = 64;
const TEXT_BYTES = 1000;
/** Some 20 us: whose turn it is has no processor, or plays for long. */
const SPINS = 4000;
/** A player that does not act for so long has failed, and could not say so. */
const PATIENCE_MS = 60_000;
/** A player that makes so many accesses in one slice runs in circles. */
const ACCESSES_MOST = 20_000;

/** Where a player stands. */
export const state = { READY: 1, ASLEEP: 2, ENDED: 3, DEAD: 4 } as const;
/** Part of a play: so many accesses of whose turn it is. */
export interface Slice {
  readonly accesses: number;
  /** It is killed behind them. */
  readonly kills?: boolean;
  /** Whose time is up behind them, by number: its timeouts and its signals come, and from then on all that it waits for
   * when nobody can go on. */
  readonly late?: number;
}

/** In words. */
const [TURN, IS_OVER, PLAYERS, CURSOR, CASTS] = [0, 1, 2, 3, 4] as const;
const STATES = 8;
const LIMITS = 16;
const KILLS = LIMITS + SLICES_MOST;
const LATE = KILLS + SLICES_MOST;
const MADE = LATE + SLICES_MOST;
/** How often a player's time was up. */
const TIMES = MADE + SLICES_MOST;
const FIRST_NOTE = TIMES + PLAYERS_MOST + 1;
/** So often at most: a user waits no more often with a timeout. */
const TIMES_MOST = 4;
/** In bytes: what the players are to play, as JSON, and what went wrong. */
const CAST = 4 * (FIRST_NOTE + NOTES);
const REASON = CAST + TEXT_BYTES;

export interface SharedStage {
  readonly memory: SharedArrayBuffer;
  readonly board: SharedArrayBuffer;
  readonly stores: SharedArrayBuffer;
}

export function makeShared(stores: SharedArrayBuffer): SharedStage {
  const board = new SharedArrayBuffer(REASON + TEXT_BYTES);
  return { memory: new SharedArrayBuffer(MEMORY_BYTES), board, stores };
}

/** Some text in shared memory. */
class Text {
  readonly #bytes: Uint8Array;

  constructor(board: SharedArrayBuffer, offset: number) {
    this.#bytes = new Uint8Array(board, offset, TEXT_BYTES);
  }

  get value(): string {
    const bytes = this.#bytes.slice(); // decoders take no shared memory
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }

  set value(text: string) {
    this.#bytes.fill(0).set(new TextEncoder().encode(text).subarray(0, TEXT_BYTES - 1));
  }
}

/** What is to be played: the scene that is called `name` in the module at `url`, and the life of each player. */
export interface Cast {
  readonly url: string;
  readonly name: string;
  readonly lives: readonly string[];
}

/** The stage as the leader sees it, or one of the players. */
export class Stage {
  readonly me: number;
  readonly notes: Int32Array;
  readonly #board: Int32Array;
  readonly #cast: Text;
  readonly #reason: Text;
  /** Accesses are steps only within a play. */
  #isOn = false;
  /** Accesses in this slice. */
  #made = 0;

  constructor(me: number, { board }: SharedStage) {
    this.me = me;
    this.#board = new Int32Array(board, 0, FIRST_NOTE);
    this.notes = new Int32Array(board, 4 * FIRST_NOTE, NOTES);
    this.#cast = new Text(board, CAST);
    this.#reason = new Text(board, REASON);
  }

  // -- turns -----------------------------------------------------------------------------------------------------

  /** Blocks until it is this one's turn. */
  awaitTurn(): void {
    for (let looks = 0; ; looks++) {
      const turn = Atomics.load(this.#board, TURN);
      if (turn === this.me) break;
      if (looks <= SPINS) continue;
      const hasWaited = Atomics.wait(this.#board, TURN, turn, PATIENCE_MS) === "timed-out";
      if (hasWaited && this.me === LEADER) throw new Error(`player ${turn} does not hand on its turn`);
    }
    this.#made = 0;
  }

  /** Without waiting for the turn to come back. */
  #passTo(player: number): void {
    Atomics.store(this.#board, TURN, player);
    Atomics.notify(this.#board, TURN);
  }

  /** The leader's: hands the turn on until it comes back. */
  #give(player: number): void {
    this.#passTo(player);
    this.awaitTurn();
  }

  /** The leader's: what the next plays are of. Each player is asked to learn its part. */
  announce(cast: Cast): void {
    this.#cast.value = JSON.stringify(cast);
    this.#board[PLAYERS] = cast.lives.length;
    this.#board[CASTS]++;
    for (const player of this.#all) this.#give(player);
  }

  /** How often there was another cast. */
  get casts(): number {
    return this.#board[CASTS] as number;
  }

  get cast(): Cast {
    return JSON.parse(this.#cast.value);
  }

  /** The leader's: until nobody can go on. */
  play(): void {
    this.#give(1);
  }

  /** The leader's, behind a play: who is still asleep comes to its end, too, and whoever the leader has woken. */
  clear(): void {
    for (const player of this.#all) {
      if (this.stateOf(player) === state.READY) this.set(player, state.ASLEEP);
      if (this.stateOf(player) === state.ASLEEP) this.#give(player);
    }
  }

  /** The leader's: there will be no further play for any of so many. */
  close(players: number): void {
    this.#board[IS_OVER] = 1;
    this.#board[PLAYERS] = players;
    for (const player of this.#all) this.#give(player);
  }

  /** For a player whose turn has come. */
  get isOver(): boolean {
    return this.#board[IS_OVER] === 1;
  }

  passToLeader(): void {
    this.#passTo(LEADER);
  }

  get players(): number {
    return this.#board[PLAYERS] as number;
  }

  get #all(): number[] {
    return Array.from({ length: this.players }, (_, index) => index + 1);
  }

  /** Who waits for something. */
  get asleep(): number[] {
    return this.#all.filter((player) => this.stateOf(player) === state.ASLEEP);
  }

  /** The next one that can go on, this one last; the leader if nobody can, however late. */
  #next(): number {
    const { players } = this;
    do {
      for (let step = 1; step <= players; step++) {
        const player = ((this.me - 1 + step) % players) + 1;
        if (this.stateOf(player) === state.READY) return player;
      }
    } while (this.#waitForTime());
    return LEADER;
  }

  /** Nobody can go on: somebody's time is up now, if it was to come, or comes again for what it has begun since. */
  #waitForTime(): boolean {
    for (let cursor = this.#board[CURSOR] as number; cursor < SLICES_MOST - 1; cursor++) {
      if (this.#board[LATE + cursor] === 0) continue;
      this.#board[CURSOR] = cursor;
      this.#account();
      return true;
    }
    const late = this.asleep.find((player) => this.timesOf(player) > 0 && this.timesOf(player) < TIMES_MOST);
    if (late === undefined) return false;
    this.#becomeLate(late);
    return true;
  }

  /** How often its time was up. */
  timesOf(player: number): number {
    return this.#board[TIMES + player] as number;
  }

  #becomeLate(player: number): void {
    if (player === 0) return;
    this.#board[TIMES + player]++;
    this.onLate(player);
  }

  /** What the kernel does when a player's time is up. */
  onLate: (player: number) => void = () => {};

  stateOf(player: number): number {
    return this.#board[STATES + player] as number;
  }

  set(player: number, to: number): void {
    this.#board[STATES + player] = to;
  }

  // -- a play ----------------------------------------------------------------------------------------------------

  /** The leader's: all is as before the first access. */
  prepare(slices: readonly Slice[]): void {
    this.notes.fill(0);
    this.#reason.value = "";
    this.#board.fill(0, STATES);
    this.#board[CURSOR] = 0;
    for (const player of this.#all) this.set(player, state.READY);
    for (const [index, { accesses, kills = false, late = 0 }] of slices.entries()) {
      this.#board[LIMITS + index] = accesses;
      this.#board[KILLS + index] = kills ? 1 : 0;
      this.#board[LATE + index] = late;
    }
    this.#board.fill(ACCESSES_MOST, LIMITS + slices.length, LIMITS + SLICES_MOST);
  }

  madeIn(slice: number): number {
    return this.#board[MADE + slice] as number;
  }

  /** Whether whose slice it was slept or ended before it was used up. */
  wasCutShort(slice: number): boolean {
    return this.madeIn(slice) < (this.#board[LIMITS + slice] as number);
  }

  /** A player begins. */
  begin(): void {
    this.#isOn = true;
  }

  /** What it does from here on is no step. */
  end(): void {
    this.#isOn = false;
  }

  get isDead(): boolean {
    return this.stateOf(this.me) === state.DEAD;
  }

  /** An access, or a call: before it, others may have their turn, or it dies. */
  step(): void {
    if (!this.#isOn) return;
    if (this.isDead) throw new Crash();
    while (this.#made === this.#board[LIMITS + (this.#board[CURSOR] as number)]) this.#endSlice();
    this.#made++;
  }

  #endSlice(): void {
    const cursor = this.#board[CURSOR] as number;
    if (this.#made === ACCESSES_MOST) this.fail("runs in circles");
    if (this.#board[KILLS + cursor] === 1 || this.#made === ACCESSES_MOST) {
      this.onDeath();
      throw new Crash();
    }
    this.yield();
  }

  /** What the kernel does about the death of this player. */
  onDeath: () => void = () => {};

  /** Lets the others go on, until it is this one's turn again: at once, where nobody else can. Not for who sleeps. */
  yield(): void {
    this.#account();
    const next = this.#next();
    if (next === this.me) return;
    this.#passTo(next);
    this.awaitTurn();
  }

  /** The slice is over: the next one is whose turn comes. */
  #account(): void {
    const cursor = this.#board[CURSOR] as number;
    this.#board[MADE + cursor] = this.#made;
    if (cursor < SLICES_MOST - 1) this.#board[CURSOR] = cursor + 1;
    this.#made = 0;
    this.#becomeLate(this.#board[LATE + cursor] as number);
  }

  /** As `yield`, until somebody has made it ready; Crash if the leader clears the stage. */
  sleep(): void {
    this.set(this.me, state.ASLEEP);
    this.yield();
    if (this.stateOf(this.me) !== state.READY) throw new Crash();
  }

  /** It has come to its end, alive or dead: the turn is the next one's. */
  leave(): void {
    if (!this.isDead) this.set(this.me, state.ENDED);
    this.#account();
    this.#passTo(this.#next());
  }

  // -- what went wrong -------------------------------------------------------------------------------------------

  /** What is told first counts. */
  fail(message: string): void {
    if (this.failure === "") this.#reason.value = message;
  }

  /** Empty: nothing did. */
  get failure(): string {
    return this.#reason.value;
  }
}
