// The supervisor: kills either side of a ring at random moments, starts it again, and watches the survivor.

import { SpscRing } from "../../mod.ts";
import { clockMonotonic } from "../../src/sys/futex.ts";
import { NEAR_THE_WRAP, startAt } from "../cross/ring_pairs.ts";
import { type Peer, Random, type Runtime, sleep, spawnPeer, uniqueName, until, within } from "../support/mod.ts";
import { CONSUMER, ENDED, type Fault, Ledger, PROCESSED, PRODUCER, type Side, STOP, TOTAL } from "./ring_ledger.ts";
import type { CrashJob } from "./ring_peer.ts";
import { StallWatch } from "./ring_stall.ts";

const program = new URL("./ring_peer.ts", import.meta.url);
const ATTACHED = { producer: PRODUCER, consumer: CONSUMER };
const ATTACH_TIMEOUT_MS = 60_000;
const NOTICE_TIMEOUT_MS = 20_000;

export interface SupervisorOptions {
  readonly kills: number;
  readonly seed: number;
  readonly runtimes: readonly Runtime[];
  readonly capacity?: number;
  onProgress?(kills: number, messages: number): void;
}

/** The account of a whole run. */
export interface SupervisorReport {
  readonly kills: number;
  readonly killedProducers: number;
  readonly killedConsumers: number;
  /** Kills of a side that had not taken its role yet; of those of one side alone. */
  readonly killedWhileStarting: number;
  /** How often both were killed at once. */
  readonly killedBoth: number;
  /** Kills after which the restart waited for the survivor to be told; and how long that took, ms. */
  readonly noticed: number;
  readonly consumerNoticedMs: { median: number; longest: number };
  readonly producerNoticedMs: { median: number; longest: number };
  /** Deaths that the same survivor was told of more than once. */
  readonly toldTwice: number;
  readonly messages: number;
  readonly total: number;
  readonly ended: boolean;
  readonly faults: Record<Fault, number>;
  /** The longest time without a processed message while both sides were attached. */
  readonly longestStallMs: number;
}

const otherSide = (side: Side): Side => (side === "producer" ? "consumer" : "producer");

function summary(values: readonly number[]): { median: number; longest: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const round = (value: number | undefined) => Math.round((value ?? 0) * 100) / 100;
  return { median: round(sorted[sorted.length >> 1]), longest: round(sorted.at(-1)) };
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #random: Random;
  readonly #ring: SpscRing;
  readonly #ledger: Ledger;
  readonly #names: { ring: string; ledger: string };
  readonly #peers = new Map<Side, Peer>();
  readonly #noticedMs: Record<Side, number[]> = { producer: [], consumer: [] };
  readonly #killed = { producer: 0, consumer: 0, starting: 0, both: 0 };
  readonly #stall: StallWatch;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#names = { ring: uniqueName("killed"), ledger: uniqueName("ledger") };
    this.#ring = SpscRing.create(this.#names.ring, { capacity: options.capacity ?? 1 << 14, unlinkOnClose: true });
    startAt(this.#names.ring, NEAR_THE_WRAP);
    this.#ledger = Ledger.create(this.#names.ledger);
    this.#stall = new StallWatch(
      () => this.#areAttached(),
      () => this.#ledger.load(PROCESSED),
    );
  }

  async run(): Promise<SupervisorReport> {
    const { kills, onProgress } = this.#options;
    try {
      this.#start("producer");
      this.#start("consumer");
      while (this.#kills < kills) {
        await this.#killOnce();
        onProgress?.(this.#kills, this.#ledger.load(PROCESSED));
      }
      await this.#finish();
      return this.#report();
    } finally {
      this.#stall.stop();
      for (const peer of this.#peers.values()) peer.kill();
      this.#ring.close();
      this.#ledger.close();
    }
  }

  get #kills(): number {
    return this.#killed.producer + this.#killed.consumer;
  }

  #start(side: Side): void {
    const { seed, runtimes } = this.#options;
    this.#ledger.store(ATTACHED[side], 0);
    const job: CrashJob = { side, ...this.#names, seed, lifeSeed: this.#random.word(), start: NEAR_THE_WRAP };
    this.#peers.set(side, spawnPeer(this.#random.pick(runtimes), program, [JSON.stringify(job)]));
  }

  #isAttached(side: Side): boolean {
    return this.#ledger.load(ATTACHED[side]) !== 0;
  }

  #areAttached(): boolean {
    return this.#isAttached("producer") && this.#isAttached("consumer");
  }

  /** A side that ends without being killed ends the run. */
  #checkPeers(): void {
    for (const [side, { child, stderr }] of this.#peers) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`the ${side} ended by itself (${child.signalCode ?? child.exitCode}): ${stderr}`);
      }
    }
  }

  async #waitForBoth(): Promise<void> {
    await until(
      () => {
        this.#checkPeers();
        return this.#areAttached();
      },
      "both sides are attached",
      ATTACH_TIMEOUT_MS,
    );
  }

  /** A fifth of the kills may hit a side that still starts; the others come at once, or after some traffic. */
  async #waitForMoment(): Promise<void> {
    const random = this.#random;
    if (random.below(5) === 0) return sleep(random.below(250));
    await this.#waitForBoth();
    const longest = [0, 3, 80, 80, 500][random.below(5)] as number;
    if (longest > 0) await sleep(random.below(longest));
  }

  async #killOnce(): Promise<void> {
    await this.#waitForMoment();
    this.#checkPeers();
    const kind = this.#random.below(10);
    if (kind === 0) return this.#killBoth();
    await this.#killSide(kind % 2 === 0 ? "producer" : "consumer");
  }

  async #killBoth(): Promise<void> {
    this.#killed.both++;
    this.#killed.producer++;
    this.#killed.consumer++;
    for (const peer of this.#peers.values()) peer.kill();
    for (const peer of this.#peers.values()) await peer.ended;
    const order: Side[] = this.#random.below(2) === 0 ? ["producer", "consumer"] : ["consumer", "producer"];
    for (const side of order) this.#start(side);
  }

  async #killSide(side: Side): Promise<void> {
    const survivor = otherSide(side);
    const known = this.#ledger.toldCount(survivor);
    const peer = this.#peers.get(side) as Peer;
    const killedAt = clockMonotonic();
    peer.kill();
    await peer.ended;
    this.#killed[side]++;
    const wasAttached = this.#ledger.load(ATTACHED[side]) === peer.pid;
    this.#ledger.store(ATTACHED[side], 0);
    if (!wasAttached) this.#killed.starting++;
    else if (this.#isAttached(survivor) && this.#random.below(4) > 0)
      await this.#waitForNotice(survivor, peer.pid, known, killedAt);
    this.#start(side);
  }

  /** The survivor must be told: a consumer when it has read everything, a producer when the ring is full. */
  async #waitForNotice(survivor: Side, dead: number, known: number, killedAt: number): Promise<void> {
    const find = () => this.#ledger.told(survivor, known).find((told) => told.dead === dead);
    const isTold = () => {
      this.#checkSurvivor(survivor);
      return find() !== undefined;
    };
    await until(isTold, `the ${survivor} is told that ${dead} died`, NOTICE_TIMEOUT_MS);
    this.#noticedMs[survivor].push(((find()?.instant ?? 0) - killedAt) / 1e6);
  }

  #checkSurvivor(side: Side): void {
    const { child, stderr } = this.#peers.get(side) as Peer;
    if (child.exitCode !== null) throw new Error(`the ${side} ended by itself (${child.exitCode}): ${stderr}`);
  }

  async #finish(): Promise<void> {
    await this.#waitForBoth();
    this.#ledger.store(STOP, 1);
    for (const [side, peer] of this.#peers) {
      const { code, stderr } = await within(peer.ended, ATTACH_TIMEOUT_MS, `the end of the ${side}`);
      if (code !== 0) throw new Error(`the ${side} ended with ${code}: ${stderr}`);
    }
  }

  #toldTwice(): number {
    const all = (["producer", "consumer"] as const).flatMap((side) => this.#ledger.told(side));
    return all.length - new Set(all.map(({ survivor, dead }) => `${survivor} ${dead}`)).size;
  }

  #report(): SupervisorReport {
    const { producer, consumer, starting, both } = this.#killed;
    const noticed = this.#noticedMs;
    return {
      kills: this.#kills,
      killedProducers: producer,
      killedConsumers: consumer,
      killedWhileStarting: starting,
      killedBoth: both,
      noticed: noticed.producer.length + noticed.consumer.length,
      consumerNoticedMs: summary(noticed.consumer),
      producerNoticedMs: summary(noticed.producer),
      toldTwice: this.#toldTwice(),
      messages: this.#ledger.load(PROCESSED),
      total: this.#ledger.load(TOTAL),
      ended: this.#ledger.load(ENDED) === 1,
      faults: this.#ledger.faults(),
      longestStallMs: Math.round(this.#stall.longestMs * 10) / 10,
    };
  }
}
