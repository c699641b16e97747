// The supervisor of lock holders: kills them at random instants, and accounts for every death in possession.

import { Mutex } from "../../mod.ts";
import { compilePeer } from "../support/c_peer.ts";
import { Random, sleep, spawnPeer, spawnProgram, uniqueName, until } from "../support/mod.ts";
import { type CrashOptions, Crew, type Member } from "./crew.ts";
import { type DeathReport, Deaths } from "./deaths.ts";
import { microseconds } from "./ledger.ts";
import * as at from "./lock_ledger.ts";

const program = new URL("./lock_peer.ts", import.meta.url);
const STUCK_MS = 15_000;

export interface LockOptions extends CrashOptions {
  /** How many of a hundred processes are C; the others are of the runtimes, in equal parts. */
  readonly percentC: number;
}

export interface LockReport extends DeathReport {
  readonly kills: number;
  readonly killedByKind: Record<string, number>;
  /** By where the killed process was. */
  readonly killed: { outside: number; locking: number; holding: number; unlocking: number; together: number };
  readonly turns: number;
  readonly faults: Record<at.LockFault, number>;
}

export class LockSupervisor {
  readonly #options: LockOptions;
  readonly #random: Random;
  readonly #names = { mutex: uniqueName("mutex"), ledger: uniqueName("lock-ledger") };
  readonly #mutex: Mutex;
  readonly #ledger: at.LockLedger;
  readonly #crew: Crew;
  readonly #cPeer = compilePeer("tests/cross/lock_peer.c", { parameters: at.ledgerDefinitions });
  readonly #killed = [0, 0, 0, 0];
  #together = 0;
  readonly #deaths: Deaths;

  constructor(options: LockOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#mutex = Mutex.create(this.#names.mutex, { unlinkOnClose: true });
    const ledger = at.createLockLedger(this.#names.ledger);
    const objects = Object.values(this.#names);
    this.#ledger = ledger;
    this.#deaths = new Deaths(ledger, (kind) => this.#nameOf(kind));
    this.#crew = new Crew({ ...options, ledger, objects, start: (place) => this.#start(place) });
  }

  async run(): Promise<LockReport> {
    try {
      const kills = await this.#crew.work(this.#options, () => this.#strike());
      await this.#crew.finish();
      return this.#report(kills);
    } finally {
      this.#crew.killAll();
      this.#ledger.close();
      this.#mutex.close();
    }
  }

  /** Kinds are the runtimes' indices; C is the last. */
  #start(place: number) {
    const { runtimes, percentC } = this.#options;
    const random = this.#random;
    const kind = random.below(100) < percentC ? runtimes.length : random.below(runtimes.length);
    const parameters = [this.#names.mutex, this.#names.ledger, place, kind, random.word()];
    const runtime = runtimes[kind];
    const peer =
      runtime === undefined
        ? spawnProgram(this.#cPeer, ["WORK", ...parameters.map(String)])
        : spawnPeer(runtime, program, parameters);
    return { peer, kind: this.#nameOf(kind) };
  }

  #nameOf(kind: number): string {
    return this.#options.runtimes[kind]?.name ?? "C";
  }

  /** One in five times two at once; there are always others to be told. */
  async #strike(): Promise<number> {
    const random = this.#random;
    await sleep(random.below(6));
    const count = random.below(5) === 0 ? 2 : 1;
    if (count === 2) this.#together++;
    const victims = new Set([this.#pickFirst()]);
    while (victims.size < count) victims.add(random.pick(this.#crew.working));
    await this.#kill([...victims]);
    return count;
  }

  /** Every other time the one who has the lock at this instant, or had it just now. */
  #pickFirst(): Member {
    const { working } = this.#crew;
    const inside = this.#ledger.load(at.INSIDE);
    const holder = this.#random.below(2) === 0 ? working.find(({ peer }) => peer.pid === inside) : undefined;
    return holder ?? this.#random.pick(working);
  }

  async #kill(victims: readonly Member[]): Promise<void> {
    const begin = microseconds();
    this.#crew.kill(...victims);
    await Promise.all(victims.map(({ peer }) => peer.ended));
    const states = victims.map((victim) => this.#note(victim));
    const turns = this.#ledger.load(at.FIRST);
    const [only] = victims as [Member];
    if (victims.length === 1 && states[0] === at.HOLDING) await this.#deaths.waitForNotice(only, begin);
    else await until(() => this.#ledger.load(at.FIRST) !== turns, "the lock goes on", STUCK_MS);
    this.#deaths.judge();
  }

  #note(member: Member): number {
    const state = this.#ledger.load(this.#ledger.place(member.place, at.STATE));
    this.#killed[state] = (this.#killed[state] ?? 0) + 1;
    this.#deaths.note(member, state);
    return state;
  }

  #report(kills: number): LockReport {
    const [outside = 0, locking = 0, holding = 0, unlocking = 0] = this.#killed;
    return {
      kills,
      killedByKind: this.#crew.killed,
      killed: { outside, locking, holding, unlocking, together: this.#together },
      ...this.#deaths.report(),
      turns: this.#ledger.load(at.FIRST),
      faults: this.#ledger.faults(),
    };
  }
}
