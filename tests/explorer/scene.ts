// A scene: one ring on traced memory, and processes that are nothing but an id and a word whether they live.

import type { Participants } from "../../src/memory/participants.ts";
import type { RingWaiter } from "../../src/ring/ring_waiter.ts";
import { Role } from "../../src/ring/role.ts";
import { SpscConsumer } from "../../src/ring/spsc/consumer.ts";
import { geometryOf, writeGeometry } from "../../src/ring/spsc/geometry.ts";
import * as layout from "../../src/ring/spsc/layout.ts";
import { SpscProducer } from "../../src/ring/spsc/producer.ts";
import { CONSUMER, PRODUCER } from "../../src/ring/spsc/roles.ts";
import type { RingBytes } from "../../src/ring/spsc/side.ts";
import { Awaiting } from "../../src/wait/awaiting.ts";
import { prepareToSleep } from "../../src/wait/eventcount.ts";
import { TracedMemory } from "./traced.ts";

/** One life of a process. */
export interface Life {
  readonly id: number;
  isDead: boolean;
}

/** A waiter whose sleeps are data: what it sleeps on can be looked at, and `wake` does what the kernel would. */
export class ModelWaiter implements RingWaiter {
  isRef = true;
  readonly #words: Int32Array;
  readonly #own: number;
  readonly #peers: number;
  readonly #peer: () => number;
  readonly #isDead: (owner: number) => boolean;
  readonly #awaiting: Awaiting;
  #sleep: { key: number; owner: number; onChange: () => void } | undefined;

  constructor(words: Int32Array, own: number, peers: number, peer: () => number, isDead: (owner: number) => boolean) {
    this.#words = words;
    this.#own = own / 4;
    this.#peers = peers / 4;
    this.#peer = peer;
    this.#isDead = isDead;
    this.#awaiting = new Awaiting({
      prepare: () => prepareToSleep(this.#words, this.#own),
      park: (key, onChange) => this.#park(key, onChange),
      unpark: () => {
        this.#sleep = undefined;
      },
    });
  }

  #park(key: number, onChange: () => void): boolean {
    const owner = this.#peer();
    if (Atomics.load(this.#words, this.#own) !== key || this.#isDead(owner)) return false;
    this.#sleep = { key, owner, onChange };
    return true;
  }

  get isAsleep(): boolean {
    return this.#sleep !== undefined;
  }

  /** Ends the sleep, if its word has changed or the peer it watches is dead. */
  wake(): void {
    const sleep = this.#sleep;
    if (sleep === undefined) return;
    if (Atomics.load(this.#words, this.#own) === sleep.key && !this.#isDead(sleep.owner)) return;
    this.#sleep = undefined;
    sleep.onChange();
  }

  /** As src/wait/eventcount.ts does it; the system call adds 1. */
  notify(): void {
    if ((Atomics.load(this.#words, this.#peers) & 1) !== 0) Atomics.add(this.#words, this.#peers, 1);
  }

  /** The same for its own sleep. */
  renew(): void {
    if ((Atomics.load(this.#words, this.#own) & 1) !== 0) Atomics.add(this.#words, this.#own, 1);
  }

  pause(): void {}

  /** Looks once: undefined where the true one would sleep. */
  waitSync<T>(attempt: () => T | undefined): T | undefined {
    return attempt();
  }

  wait<T>(attempt: () => T | undefined): Promise<T | undefined> {
    return this.#awaiting.add(attempt, undefined);
  }

  get isAwaited(): boolean {
    return this.#awaiting.size > 0;
  }

  close(reason: Error): void {
    this.#awaiting.close(reason);
  }
}

export interface Attached<Side> {
  readonly side: Side;
  readonly waiter: ModelWaiter;
  readonly life: Life;
}

export const CAPACITY = 128;
export const LARGEST = 48;

export class Scene {
  readonly memory = new TracedMemory(new ArrayBuffer(layout.ringSize(CAPACITY, LARGEST)));
  readonly #lives: Life[] = [];
  readonly #isAtomic: boolean;

  /** A new ring whose first message has this position. */
  constructor(position: number, isAtomic = false) {
    this.#isAtomic = isAtomic;
    writeGeometry(this.memory.buffer, 0, geometryOf({ capacity: CAPACITY, maxMessageSize: LARGEST }));
    const words = new Int32Array(this.memory.buffer);
    words[layout.TAIL / 4] = position;
  }

  #isDead(owner: number): boolean {
    return this.#lives.find(({ id }) => id === owner)?.isDead ?? false;
  }

  newLife(): Life {
    const life = { id: (this.#lives.length + 1) << 10, isDead: false };
    this.#lives.push(life);
    return life;
  }

  /** The participants' table as `life` sees it. */
  #table(life: Life): Participants {
    const isDead = (owner: number) => this.#isDead(owner);
    const table = { owner: life.id, join: () => life.id, isDead, isFoundDead: isDead, isProvenDead: isDead };
    return { ...table, needsAsking: () => false, pidOf: (owner: number) => owner } as unknown as Participants;
  }

  #bytes(): RingBytes {
    const geometry = { capacity: CAPACITY, maxMessageSize: LARGEST };
    const { buffer } = this.memory;
    return { buffer, base: 0, geometry, name: "explored", isAtomic: this.#isAtomic, lostPages: () => 0 };
  }

  #attach<Side extends SpscProducer | SpscConsumer>(
    Kind: new (parts: ConstructorParameters<typeof SpscProducer>[0]) => Side,
    life: Life,
  ): Attached<Side> {
    const words = new Int32Array(this.memory.buffer);
    const table = this.#table(life);
    const isProducer = (Kind as unknown) === SpscProducer;
    const [mine, other] = isProducer ? [PRODUCER, CONSUMER] : [CONSUMER, PRODUCER];
    const [own, peer] = [new Role(words, 0, mine, table), new Role(words, 0, other, table)];
    const waits = [layout.CONSUMER_WAIT, layout.PRODUCER_WAIT] as const;
    const [ownWait, peersWait] = isProducer ? [waits[1], waits[0]] : waits;
    own.take("explored", () => {});
    let waiter: ModelWaiter | undefined;
    const makeWaiter = (watched: () => number) => {
      waiter = new ModelWaiter(words, ownWait, peersWait, watched, (owner) => this.#isDead(owner));
      return waiter;
    };
    const renew = () => this.memory.trace(() => waiter?.renew()); // also from behind an await, when nothing is traced
    const parts = { bytes: this.#bytes(), own, peer, makeWaiter, renew, onClose: () => {} };
    const side = new Kind(parts);
    return { side, waiter: waiter as unknown as ModelWaiter, life };
  }

  /** Attaches a producer; within `memory.trace`. */
  producer(life = this.newLife()): Attached<SpscProducer> {
    return this.#attach(SpscProducer, life);
  }

  consumer(life = this.newLife()): Attached<SpscConsumer> {
    return this.#attach(SpscConsumer, life);
  }
}
