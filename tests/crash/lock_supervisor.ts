// The supervisor of lock holders: kills them at random instants, replaces them, and accounts for every death in possession.

import { Mutex } from "../../mod.ts";
import { compilePeer } from "../support/c_peer.ts";
import {
  type Peer,
  Random,
  type Runtime,
  sleep,
  spawnPeer,
  spawnProgram,
  uniqueName,
  until,
  within,
} from "../support/mod.ts";
import * as at from "./lock_ledger.ts";

const program = new URL("./lock_peer.ts", import.meta.url);
const STUCK_MS = 15_000;
const START_MS = 60_000;

export interface LockSupervisorOptions {
  readonly kills: number;
  readonly seed: number;
  /** Which runtimes take part, beside C. */
  readonly runtimes: readonly Runtime[];
  /** Stop early, with fewer kills. */
  readonly seconds?: number;
  onProgress?(kills: number, turns: number): void;
}

export interface LockReport {
  readonly kills: number;
  /** By where the killed process was. */
  readonly killed: { outside: number; locking: number; holding: number; unlocking: number; together: number };
  readonly recoveries: number;
  /** "dead -> told": how often. */
  readonly recoveriesByPair: Record<string, number>;
  /** From just before the kill until the next one was in possession; ms. */
  readonly recoveredMs: { median: number; p99: number; longest: number };
  readonly turns: number;
  readonly faults: { twoOwners: number; torn: number; untold: number; toldTwice: number; toldWithoutCause: number };
}

interface Seat {
  peer: Peer;
  kind: number;
}

interface Victim {
  readonly pid: number;
  readonly kind: number;
  readonly state: number;
}

export class LockSupervisor {
  readonly #options: LockSupervisorOptions;
  readonly #random: Random;
  readonly #names = { mutex: uniqueName("mutex"), ledger: uniqueName("lock-ledger") };
  readonly #mutex: Mutex;
  readonly #ledger: at.LockLedger;
  readonly #seats: Seat[] = [];
  readonly #cPeer = compilePeer("tests/cross/lock_peer.c", { parameters: at.ledgerDefinitions });
  readonly #killed = [0, 0, 0, 0];
  #together = 0;
  #kills = 0;
  #untold = 0;
  readonly #recoveredMs: number[] = [];
  readonly #kindOf = new Map<number, number>();
  /** How often a process of this id may have died in possession. */
  readonly #mayBeTold = new Map<number, number>();

  constructor(options: LockSupervisorOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#mutex = Mutex.create(this.#names.mutex, { unlinkOnClose: true });
    this.#ledger = at.LockLedger.create(this.#names.ledger);
  }

  async run(): Promise<LockReport> {
    const { kills, seconds = Number.POSITIVE_INFINITY, onProgress } = this.#options;
    const end = performance.now() + seconds * 1000;
    try {
      for (let seat = 0; seat < at.SEATS_COUNT; seat++) this.#start(seat);
      while (this.#kills < kills && performance.now() < end) {
        await this.#killSome();
        onProgress?.(this.#kills, this.#ledger.load(at.FIRST));
      }
      await this.#finish();
      return this.#report();
    } finally {
      for (const { peer } of this.#seats) peer.kill();
      this.#ledger.close();
      this.#mutex.close();
    }
  }

  /** Kinds are the runtimes' indices; C is the last. */
  #start(seat: number): void {
    const { runtimes } = this.#options;
    const kind = this.#random.below(runtimes.length + 1);
    const parameters = [this.#names.mutex, this.#names.ledger, seat, kind, this.#random.word()];
    this.#ledger.store(this.#ledger.seat(seat, at.SEAT_PID), 0);
    const runtime = runtimes[kind];
    const peer =
      runtime === undefined
        ? spawnProgram(this.#cPeer, ["WORK", ...parameters.map(String)])
        : spawnPeer(runtime, program, parameters);
    this.#seats[seat] = { peer, kind };
    this.#kindOf.set(peer.pid, kind);
  }

  #isRunning(seat: number): boolean {
    return this.#ledger.load(this.#ledger.seat(seat, at.SEAT_PID)) !== 0;
  }

  get #running(): number[] {
    return [...this.#seats.keys()].filter((seat) => this.#isRunning(seat));
  }

  /** One that ends without being killed ends the run. */
  #check(): void {
    for (const { peer } of this.#seats) {
      const { exitCode, signalCode } = peer.child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`a worker ended by itself (${signalCode ?? exitCode}): ${peer.stderr}`);
    }
  }

  /** One in five times two at once; there is always a third to be told. */
  async #killSome(): Promise<void> {
    await until(
      () => {
        this.#check();
        return this.#running.length >= 3;
      },
      "three workers run",
      START_MS,
    );
    await sleep(this.#random.below(6));
    const count = this.#random.below(5) === 0 ? 2 : 1;
    const seats = new Set([this.#random.pick(this.#running)]);
    while (seats.size < count) seats.add(this.#random.pick(this.#running));
    if (count === 2) this.#together++;
    await this.#kill([...seats]);
  }

  async #kill(seats: readonly number[]): Promise<void> {
    const known = this.#ledger.load(at.TOLD_COUNT);
    const begin = at.microseconds();
    const peers = seats.map((seat) => (this.#seats[seat] as Seat).peer);
    for (const peer of peers) peer.kill();
    await Promise.all(peers.map((peer) => peer.ended));
    this.#kills += seats.length;
    const victims = seats.map((seat) => this.#note(seat));
    const [only] = victims as [Victim];
    const turns = this.#ledger.load(at.FIRST);
    if (victims.length === 1 && only.state === at.HOLDING) await this.#waitForNotice(only, known, begin);
    else await this.#waitForTurns(turns);
    for (const seat of seats) this.#start(seat);
  }

  #note(seat: number): Victim {
    const { peer, kind } = this.#seats[seat] as Seat;
    const state = this.#ledger.load(this.#ledger.seat(seat, at.SEAT_STATE));
    this.#killed[state] = (this.#killed[state] ?? 0) + 1;
    if (state !== at.OUTSIDE) this.#mayBeTold.set(peer.pid, (this.#mayBeTold.get(peer.pid) ?? 0) + 1);
    return { pid: peer.pid, kind, state };
  }

  /** A death in certain possession is told to somebody. */
  async #waitForNotice({ pid }: Victim, known: number, begin: number): Promise<void> {
    const find = () => this.#ledger.told(known).find(({ dead }) => dead === pid || dead === 0);
    try {
      await until(() => find() !== undefined, `somebody is told that ${pid} died`, STUCK_MS);
      this.#recoveredMs.push(((find()?.instant ?? 0) - begin) / 1000);
    } catch (error) {
      this.#untold++;
      throw error;
    }
  }

  async #waitForTurns(before: number): Promise<void> {
    await until(() => this.#ledger.load(at.FIRST) !== before, "the lock goes on", STUCK_MS);
  }

  async #finish(): Promise<void> {
    this.#ledger.store(at.STOP, 1);
    for (const { peer } of this.#seats) {
      const { code, signal, stderr } = await within(peer.ended, START_MS, "the end of a worker");
      if (code !== 0) throw new Error(`a worker ended with ${code ?? signal}: ${stderr}`);
    }
  }

  #nameOf(kind: number | undefined): string {
    return kind === undefined ? "unknown" : (this.#options.runtimes[kind]?.name ?? "C");
  }

  #pairs(told: readonly at.Told[]): Record<string, number> {
    const pairs: Record<string, number> = {};
    for (const { dead, kind } of told) {
      const pair = `${this.#nameOf(this.#kindOf.get(dead))} -> ${this.#nameOf(kind)}`;
      pairs[pair] = (pairs[pair] ?? 0) + 1;
    }
    return Object.fromEntries(Object.entries(pairs).sort());
  }

  #report(): LockReport {
    const told = this.#ledger.told();
    const counts = new Map<number, number>();
    for (const { dead } of told) if (dead !== 0) counts.set(dead, (counts.get(dead) ?? 0) + 1);
    const excess = [...counts].map(([pid, count]) => [count, this.#mayBeTold.get(pid) ?? 0] as const);
    const sorted = [...this.#recoveredMs].sort((a, b) => a - b);
    const round = (value = 0) => Math.round(value * 10) / 10;
    const [outside = 0, locking = 0, holding = 0, unlocking = 0] = this.#killed;
    return {
      kills: this.#kills,
      killed: { outside, locking, holding, unlocking, together: this.#together },
      recoveries: told.length,
      recoveriesByPair: this.#pairs(told),
      recoveredMs: {
        median: round(sorted[sorted.length >> 1]),
        p99: round(sorted[Math.floor(sorted.length * 0.99)]),
        longest: round(sorted.at(-1)),
      },
      turns: this.#ledger.load(at.FIRST),
      faults: {
        twoOwners: this.#ledger.load(at.TWO_OWNERS),
        torn: this.#ledger.load(at.TORN),
        untold: this.#untold,
        toldTwice: excess.filter(([count, allowed]) => allowed > 0 && count > allowed).length,
        toldWithoutCause: excess.filter(([, allowed]) => allowed === 0).length,
      },
    };
  }
}
