// Store buffer litmus: one side publishes at the instants at which the other one falls asleep.
//
//   hot side     publish (plain store)         load the sleepers' flag      wake if it is set
//   cold side    set the flag, membarrier(2)   look for what is published   sleep if there is nothing
//
// Without the barrier both loads may miss both stores, and the cold side sleeps for ever. Its sleeps here have no limit:
// nothing but the wake-up ends them.

import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { Mutex, SharedMemory, SpscRing } from "../../mod.ts";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import { CONSUMER_WAIT, PRODUCER_WAIT } from "../../src/ring/spsc/layout.ts";
import { environment } from "../../src/runtime/environment.ts";
import { LOCK_EVENTCOUNT } from "../../src/sync/layout.ts";
import { clockMonotonic, pause } from "../../src/sys/futex.ts";
import { notifyAll } from "../../src/wait/eventcount.ts";
import { Random } from "../support/random.ts";

export interface LitmusJob {
  readonly role: "hot" | "cold";
  /** What is published: a message by the producer, space by the consumer, or that a lock is free by its holder. */
  readonly edge: "message" | "space" | "lock";
  readonly sleeps: "blocking" | "awaiting";
  readonly rounds: number;
  readonly name: string;
  /** Whether the cold side leaves out the barrier: a control, in which wake-ups may be lost. */
  readonly withoutBarrier: boolean;
}

/** What the hot side's last line says. */
export interface LitmusResult {
  readonly rounds: number;
  readonly lost: number;
  readonly seconds: number;
}

const LOST_AFTER_NS = 1e9;
const HANGS_AFTER_NS = 20e9;
const LONGEST_GAP_NS = 80_000;
/** A blocking lock spins for 50 to 200 us before it sleeps; a ring is opened with a spin of 0. */
const LONGEST_GAP_AFTER_SPIN_NS = 300_000;
const bytes = new Uint8Array(48); // of which a ring of 64 bytes holds one
/** Where the cold side says how many rounds it has done, and who it is; and lines of the cache that both sides write. */
const DONE = 0;
const PID = 1;
/** The round in which the lock is held, for whom it shall be locked now. */
const ROUND = 2;
const CLUTTER_FIRST = 1024;
const CLUTTER_STEP = 32;
const CLUTTER_LINES = 40;

/** Sleeps end by wake-ups alone: no slices to look whether the peer lives, and in the control no barrier. */
function takeAwayTheNet({ withoutBarrier }: LitmusJob): void {
  const calls = environment().calls as unknown as Record<string, (...numbers: number[]) => number>;
  const { wait_event: sleep } = calls;
  if (sleep === undefined) throw new Error("the shim has no wait_event any more: this litmus must be rewritten");
  calls.wait_event = (word = 0, expected = 0, _life = 0, deadline = -1) => sleep(word, expected, 0, deadline);
  if (withoutBarrier) calls.membarrier = () => 0;
}

/** Locks what the hot side holds, once it does. */
function lockRound(name: string, shared: Int32Array, sleeps: LitmusJob["sleeps"]): (count: number) => Promise<void> {
  const mutex = Mutex.open(name);
  return async (count) => {
    while (Atomics.load(shared, ROUND) < count) pause(1);
    const guard = sleeps === "blocking" ? mutex.lockSync() : await mutex.lock();
    guard?.unlock();
  };
}

/** What the cold side does in a round; each takes exactly one message, or gives one, or the lock. */
function coldRound(shared: Int32Array, { edge, sleeps, name }: LitmusJob): (count: number) => unknown {
  if (edge === "lock") return lockRound(name, shared, sleeps);
  const ring = SpscRing.open(name, { spinMs: 0 });
  if (edge === "message") {
    const consumer = ring.consumer();
    return sleeps === "blocking" ? () => consumer.receiveSync() : () => consumer.receive();
  }
  const producer = ring.producer();
  return sleeps === "blocking" ? () => producer.sendSync(bytes) : () => producer.send(bytes);
}

/**
 * Stores to lines that the other side owns: they fill the store buffer, and what is published next waits behind them
 * while the flag is loaded already. It makes the window of the litmus a hundred times wider.
 */
function clutter(shared: Int32Array, value: number): void {
  for (let line = 0; line < CLUTTER_LINES; line++) shared[CLUTTER_FIRST + line * CLUTTER_STEP] = value;
}

async function beCold(shared: Int32Array, job: LitmusJob): Promise<void> {
  takeAwayTheNet(job);
  Atomics.store(shared, PID, process.pid);
  const round = coldRound(shared, job);
  for (let count = 1; count <= job.rounds; count++) {
    await round(count);
    clutter(shared, -count);
    Atomics.store(shared, DONE, count);
  }
}

/** Whether all threads of a process sleep: one that is only kept waiting for a processor runs, for proc_pid_stat(5). */
function doAllSleep(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8").includes(") S "));
}

const SLEEP_WORDS = { message: CONSUMER_WAIT, space: PRODUCER_WAIT, lock: LOCK_EVENTCOUNT };

/** The word on which the cold side sleeps, seen from outside. */
class SleepWord {
  readonly #shared: Int32Array;
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;
  readonly #offset: number;

  constructor(job: LitmusJob, shared: Int32Array) {
    this.#shared = shared;
    this.#memory = SharedMemory.open(job.name);
    this.#words = new Int32Array(this.#memory.buffer);
    this.#offset = OBJECT_OFFSET + SLEEP_WORDS[job.edge];
  }

  /** Whether the cold side sleeps and nobody has woken it: whoever wakes it clears the bit. */
  get isAsleep(): boolean {
    return (Atomics.load(this.#words, this.#offset / 4) & 1) === 1 && doAllSleep(Atomics.load(this.#shared, PID));
  }

  wake(): void {
    notifyAll(this.#words, this.#offset / 4, this.#memory.address + this.#offset);
  }
}

/** Looks until it is so; how often the cold side had to be woken from outside. A busy machine may be slow to run it. */
function lookUntil(isSo: () => boolean, word: SleepWord): number {
  const start = clockMonotonic();
  let lost = 0;
  let nudged = 0;
  for (let end = start + LOST_AFTER_NS; ; end += LOST_AFTER_NS) {
    while (clockMonotonic() < end) {
      if (isSo()) {
        if (lost > 0) console.error("answered after nudge us", (clockMonotonic() - nudged) / 1e3);
        return lost;
      }
      pause(4);
    }
    if (!word.isAsleep && end < start + HANGS_AFTER_NS) continue;
    lost++;
    console.error("LOST", word.isAsleep, (clockMonotonic() - start) / 1e6, "ms");
    nudged = clockMonotonic();
    word.wake();
  }
}

function wasteTime(random: Random, longest = random.below(LONGEST_GAP_NS)): void {
  const end = clockMonotonic() + random.below(longest); // short ones more often
  while (clockMonotonic() < end) pause(1);
}

/** A message a round, sent when the receiver has had the one before and goes to sleep. */
function sendAtRandom(shared: Int32Array, job: LitmusJob): number {
  const producer = SpscRing.open(job.name).producer();
  const random = new Random(1);
  const word = new SleepWord(job, shared);
  let lost = 0;
  for (let count = 1; count <= job.rounds; count++) {
    wasteTime(random);
    clutter(shared, count);
    producer.trySend(bytes);
    lost += lookUntil(() => Atomics.load(shared, DONE) >= count, word);
  }
  return lost;
}

/** Room for a message a round, made when the sender has filled the ring and goes to sleep. */
function receiveAtRandom(shared: Int32Array, job: LitmusJob): number {
  const consumer = SpscRing.open(job.name).consumer();
  const random = new Random(1);
  const word = new SleepWord(job, shared);
  let lost = 0;
  for (let count = 1; count <= job.rounds; count++) {
    wasteTime(random);
    clutter(shared, count);
    if (consumer.tryReceive() !== undefined) continue; // this look acknowledges, and wakes
    lost += lookUntil(() => consumer.tryReceive() !== undefined, word);
  }
  return lost;
}

/** A lock a round, given back when the other side goes to sleep for it. */
function unlockAtRandom(shared: Int32Array, job: LitmusJob): number {
  const mutex = Mutex.open(job.name);
  const random = new Random(1);
  const word = new SleepWord(job, shared);
  let lost = 0;
  for (let count = 1; count <= job.rounds; count++) {
    const guard = mutex.lockSync();
    Atomics.store(shared, ROUND, count);
    wasteTime(random, job.sleeps === "blocking" ? LONGEST_GAP_AFTER_SPIN_NS : undefined);
    clutter(shared, count);
    guard?.unlock();
    lost += lookUntil(() => Atomics.load(shared, DONE) >= count, word);
  }
  return lost;
}

const HOT = { message: sendAtRandom, space: receiveAtRandom, lock: unlockAtRandom };

function beHot(shared: Int32Array, job: LitmusJob): LitmusResult {
  const started = performance.now();
  const lost = HOT[job.edge](shared, job);
  return { rounds: job.rounds, lost, seconds: Math.round(performance.now() - started) / 1000 };
}

const job = JSON.parse(process.argv[2] as string) as LitmusJob;
const memory = SharedMemory.open(`${job.name}-shared`);
const shared = new Int32Array(memory.buffer);
if (job.role === "cold") await beCold(shared, job);
else console.log(JSON.stringify(beHot(shared, job)));
memory.close();
