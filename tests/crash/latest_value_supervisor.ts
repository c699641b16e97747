// Kills the writer of a latest value again and again at random moments; others take the role, readers go on reading.

import { LatestValue } from "../../mod.ts";
import { BOOK_BYTES } from "../cross/latest_value_book.ts";
import { Random, type Runtime, sleep, spawnPeer, uniqueName, until } from "../support/mod.ts";
import { type CrashOptions, Crew, type Member } from "./crew.ts";
import { type Durations, sumUp } from "./durations.ts";
import * as at from "./latest_value_ledger.ts";
import type { ValueCrashJob } from "./latest_value_peer.ts";
import { microseconds } from "./ledger.ts";

const program = new URL("./latest_value_peer.ts", import.meta.url);
const TAKEOVER_TIMEOUT_MS = 60_000;

export interface ValueOptions extends CrashOptions {
  readonly readers: readonly Runtime[];
}

export interface ValueReport {
  /** Of the process that had the writer's role. */
  readonly kills: number;
  /** All who were killed: also those who were still starting or waiting for the role. */
  readonly killedByKind: Record<string, number>;
  readonly takeovers: number;
  /** From just before a kill until the next writer was there. */
  readonly takeoverMs: Durations;
  readonly published: number;
  readonly readers: readonly { runtime: string; reads: number; toldOfDeaths: number; sawTheLast: boolean }[];
  readonly faults: Record<at.ValueFault, number>;
}

export class ValueSupervisor {
  readonly #options: ValueOptions;
  readonly #random: Random;
  readonly #names = { latest: uniqueName("killed-writer"), ledger: uniqueName("ledger") };
  readonly #latest: LatestValue;
  readonly #ledger: at.ValueLedger;
  readonly #crew: Crew;
  readonly #takeoverMs: number[] = [];
  #started = 0;

  constructor(options: ValueOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#latest = LatestValue.create(this.#names.latest, { size: BOOK_BYTES, unlinkOnClose: true });
    const ledger = at.createValueLedger(this.#names.ledger);
    const objects = Object.values(this.#names);
    this.#ledger = ledger;
    this.#crew = new Crew({ ...options, ledger, objects, start: (place) => this.#start(place) });
    for (const [reader, runtime] of options.readers.entries()) this.#crew.join(this.#spawn(runtime, "read", reader));
  }

  #spawn(runtime: Runtime, role: ValueCrashJob["role"], place: number) {
    const job: ValueCrashJob = { role, ...this.#names, seed: this.#random.word(), place };
    return spawnPeer(runtime, program, [JSON.stringify(job)]);
  }

  #start(place: number) {
    const { runtimes } = this.#options;
    const runtime = runtimes[this.#started++ % runtimes.length] as Runtime;
    return { peer: this.#spawn(runtime, "write", place), kind: runtime.name };
  }

  async run(): Promise<ValueReport> {
    try {
      const kills = await this.#crew.work(this.#options, () => this.#strike());
      await this.#writer();
      await this.#crew.finish();
      return this.#report(kills);
    } finally {
      this.#crew.killAll();
      this.#latest.close();
      this.#ledger.close();
    }
  }

  /** The writer of the moment, once one of those who live has taken the role. */
  async #writer(): Promise<Member> {
    const find = () => this.#crew.working.find(({ peer }) => peer.pid === this.#ledger.load(at.WRITER));
    const isThere = () => {
      this.#crew.check();
      return find() !== undefined;
    };
    await until(isThere, "somebody has taken the role", TAKEOVER_TIMEOUT_MS);
    return find() as Member;
  }

  async #strike(): Promise<number> {
    const random = this.#random;
    if (random.below(20) === 0) await this.#killSpare();
    const writer = await this.#writer();
    const longest = [0, 2, 8, 30][random.below(4)] as number;
    if (longest > 0) await sleep(random.below(longest));
    const begin = microseconds();
    this.#crew.kill(writer);
    await this.#writer();
    this.#takeoverMs.push((this.#ledger.load(at.TAKEN_AT) - begin) / 1000);
    return 1;
  }

  /** One that is starting, or waits at the gate or for the role. */
  async #killSpare(): Promise<void> {
    const writer = await this.#writer();
    const spare = this.#crew.pickSpare(this.#random);
    const rival = this.#crew.working.find((member) => member !== writer);
    const victim = this.#random.below(2) === 0 ? spare : rival;
    if (victim !== undefined) this.#crew.kill(victim);
    await this.#crew.fill(); // a rival must be there when the writer dies
  }

  #report(kills: number): ValueReport {
    const ledger = this.#ledger;
    const published = ledger.load(at.PUBLISHED);
    return {
      kills,
      killedByKind: this.#crew.killed,
      takeovers: ledger.load(at.TAKEOVERS),
      takeoverMs: sumUp(this.#takeoverMs),
      published,
      readers: this.#options.readers.map(({ name }, reader) => ({
        runtime: name,
        reads: ledger.load(at.readerWord(reader, at.READS)),
        toldOfDeaths: ledger.load(at.readerWord(reader, at.TOLD)),
        sawTheLast: ledger.load(at.readerWord(reader, at.SEEN)) === published,
      })),
      faults: ledger.faults(),
    };
  }
}
