// Kills the writer of a latest value again and again at random moments; spares take over, readers go on reading.

import { LatestValue } from "../../mod.ts";
import { BOOK_BYTES } from "../cross/latest_value_book.ts";
import { type Peer, Random, type Runtime, sleep, spawnPeer, uniqueName, until, within } from "../support/mod.ts";
import {
  PUBLISHED,
  READS,
  SEEN,
  STOP,
  TAKEOVERS,
  TOLD,
  type ValueFault,
  ValueLedger,
  WRITER,
} from "./latest_value_ledger.ts";
import type { ValueCrashJob } from "./latest_value_peer.ts";

const program = new URL("./latest_value_peer.ts", import.meta.url);
const TAKEOVER_TIMEOUT_MS = 60_000;

export interface ValueSupervisorOptions {
  readonly kills: number;
  readonly seed: number;
  /** Of the writers, in turn. */
  readonly runtimes: readonly Runtime[];
  readonly readers: readonly Runtime[];
  /** Writers that are started ahead and wait for the role. */
  readonly spares: number;
  onProgress?(kills: number, published: number): void;
}

export interface ValueReport {
  /** Of the process that had the writer's role. */
  readonly kills: number;
  /** Of processes that were still starting or waiting for the role. */
  readonly killedSpares: number;
  readonly takeovers: number;
  /** Median and longest time from a kill to the next writer, ms. */
  readonly takeoverMs: { median: number; longest: number };
  readonly published: number;
  readonly readers: readonly { runtime: string; reads: number; toldOfDeaths: number; sawTheLast: boolean }[];
  readonly faults: Record<ValueFault, number>;
}

export class ValueSupervisor {
  readonly #options: ValueSupervisorOptions;
  readonly #random: Random;
  readonly #names = { latest: uniqueName("killed-writer"), ledger: uniqueName("ledger") };
  readonly #latest: LatestValue;
  readonly #ledger: ValueLedger;
  readonly #writers = new Map<number, Peer>();
  readonly #readers: Peer[];
  readonly #takeoverMs: number[] = [];
  #kills = 0;
  #killedSpares = 0;
  #started = 0;

  constructor(options: ValueSupervisorOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#latest = LatestValue.create(this.#names.latest, { size: BOOK_BYTES, unlinkOnClose: true });
    this.#ledger = ValueLedger.create(this.#names.ledger);
    this.#readers = options.readers.map((runtime, index) => this.#start(runtime, "read", index));
  }

  #start(runtime: Runtime, role: ValueCrashJob["role"], reader = 0): Peer {
    const job: ValueCrashJob = { role, ...this.#names, seed: this.#random.word(), reader };
    return spawnPeer(runtime, program, [JSON.stringify(job)]);
  }

  #startWriter(): void {
    const { runtimes } = this.#options;
    const peer = this.#start(runtimes[this.#started++ % runtimes.length] as Runtime, "write");
    this.#writers.set(peer.pid, peer);
  }

  async run(): Promise<ValueReport> {
    const { kills, spares, onProgress } = this.#options;
    try {
      for (let count = 0; count <= spares; count++) this.#startWriter();
      while (this.#kills < kills) {
        await this.#killOnce();
        onProgress?.(this.#kills, this.#ledger.load(PUBLISHED));
      }
      await this.#waitForWriter();
      await this.#finish();
      return this.#report();
    } finally {
      for (const peer of [...this.#writers.values(), ...this.#readers]) peer.kill();
      this.#latest.close();
      this.#ledger.close();
    }
  }

  /** A peer that ends without being killed ends the run. */
  #checkPeers(): void {
    for (const { child, stderr } of [...this.#writers.values(), ...this.#readers]) {
      if (child.exitCode !== null) throw new Error(`a peer ended by itself (${child.exitCode}): ${stderr}`);
    }
  }

  /** The writer of the moment, once one of those who live has taken the role. */
  async #waitForWriter(): Promise<Peer> {
    const find = () => this.#writers.get(this.#ledger.load(WRITER));
    const isThere = () => {
      this.#checkPeers();
      return find() !== undefined;
    };
    await until(isThere, "a spare has taken the role", TAKEOVER_TIMEOUT_MS);
    return find() as Peer;
  }

  async #killOnce(): Promise<void> {
    const random = this.#random;
    if (random.below(20) === 0) await this.#killSpare();
    const begin = performance.now();
    const writer = await this.#waitForWriter();
    if (this.#kills > 0) this.#takeoverMs.push(performance.now() - begin);
    const longest = [0, 2, 8, 30][random.below(4)] as number;
    if (longest > 0) await sleep(random.below(longest));
    await this.#kill(writer);
    this.#kills++;
  }

  async #kill(peer: Peer): Promise<void> {
    this.#checkPeers();
    peer.kill();
    this.#writers.delete(peer.pid);
    this.#startWriter();
    await peer.ended;
  }

  async #killSpare(): Promise<void> {
    const active = this.#ledger.load(WRITER);
    const spare = [...this.#writers].find(([pid]) => pid !== active)?.[1];
    if (spare === undefined) return;
    this.#killedSpares++;
    await this.#kill(spare);
  }

  async #finish(): Promise<void> {
    this.#ledger.store(STOP, 1);
    for (const peer of [...this.#writers.values(), ...this.#readers]) {
      const { code, stderr } = await within(peer.ended, TAKEOVER_TIMEOUT_MS, "the end of a peer");
      if (code !== 0) throw new Error(`a peer ended with ${code}: ${stderr}`);
    }
  }

  #report(): ValueReport {
    const sorted = [...this.#takeoverMs].sort((a, b) => a - b);
    const round = (value: number | undefined) => Math.round((value ?? 0) * 10) / 10;
    const ledger = this.#ledger;
    const published = ledger.load(PUBLISHED);
    return {
      kills: this.#kills,
      killedSpares: this.#killedSpares,
      takeovers: ledger.load(TAKEOVERS),
      takeoverMs: { median: round(sorted[sorted.length >> 1]), longest: round(sorted.at(-1)) },
      published,
      readers: this.#options.readers.map(({ name }, index) => ({
        runtime: name,
        reads: ledger.load(ledger.readerWord(index, READS)),
        toldOfDeaths: ledger.load(ledger.readerWord(index, TOLD)),
        sawTheLast: ledger.load(ledger.readerWord(index, SEEN)) === published,
      })),
      faults: ledger.faults(),
    };
  }
}
