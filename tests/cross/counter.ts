// The counter test: processes of several runtimes, and C, increment words under one lock; the sums must be exact.

import assert from "node:assert/strict";
import { Barrier, Condition, Mutex, RwLock, Semaphore, SharedMemory } from "../../mod.ts";
import { compilePeer } from "../support/c_peer.ts";
import { type Peer, type Runtime, spawnPeer, spawnProgram, uniqueName } from "../support/mod.ts";
import { FAULTS, HAND_OFFS, PARTIES, TOTAL } from "./counter_words.ts";

const program = new URL("./counter_peer.ts", import.meta.url);

interface Closable {
  close(): void;
}

/** What they count under: its parts are made, and live until the end. */
const makers = {
  Mutex: (name: string) => [Mutex.create(name, { unlinkOnClose: true })],
  RwLock: (name: string) => [RwLock.create(name, { unlinkOnClose: true })],
  "RwLock, readers preferred": (name: string) => [RwLock.create(name, { preferReaders: true, unlinkOnClose: true })],
  Semaphore: (name: string) => [Semaphore.create(name, { value: 1, owned: true, unlinkOnClose: true })],
  Condition: (name: string) => [
    Condition.create(name, { unlinkOnClose: true }),
    Mutex.create(`${name}-m`, { unlinkOnClose: true }),
  ],
  FutexLock: () => [],
  SpinLock: () => [],
  Barrier: (name: string, parties: number) => [Barrier.create(name, { parties, unlinkOnClose: true })],
} satisfies Record<string, (name: string, parties: number) => Closable[]>;

export type CounterKind = keyof typeof makers;
export const counterKinds = Object.keys(makers) as CounterKind[];

export interface CounterResult {
  readonly processes: string;
  readonly rounds: number;
  readonly total: number;
  /** How often the one inside was another one than before. */
  readonly handOffs: number;
  /** How often two words that must be equal were not. */
  readonly faults: number;
  /** From the common start until the last one has ended; ms. */
  readonly milliseconds: number;
}

/** Processes that count together, under one lock after the other. */
export class Counters {
  readonly #processes: readonly (Runtime | "C")[];
  readonly #peers: readonly Peer[];

  constructor(processes: readonly (Runtime | "C")[]) {
    this.#processes = processes;
    this.#peers = processes.map((runtime) =>
      runtime === "C" ? spawnProgram(compilePeer("tests/cross/count_peer.c"), []) : spawnPeer(runtime, program),
    );
  }

  /** Each process does so many rounds; all start together. */
  async count(kind: CounterKind, rounds: number, timeoutMs: number): Promise<CounterResult> {
    const names = { lock: uniqueName("counter"), memory: uniqueName("count") };
    const objects: Closable[] = makers[kind](names.lock, this.#processes.length);
    const memory = SharedMemory.create(names.memory, { size: 4096, unlinkOnClose: true });
    const words = new Int32Array(memory.buffer);
    words[PARTIES] = this.#processes.length;
    try {
      await this.#say(`${kind.split(",")[0]} ${names.lock} ${names.memory} ${rounds}`, "ready", timeoutMs);
      const begin = performance.now();
      await this.#say("go", "done 0", timeoutMs);
      const milliseconds = Math.round(performance.now() - begin);
      const processes = this.#processes.map((one) => (one === "C" ? one : one.name)).join(", ");
      const [total, handOffs, faults] = [words[TOTAL], words[HAND_OFFS], words[FAULTS]] as [number, number, number];
      return { processes, rounds, total, handOffs, faults, milliseconds };
    } finally {
      memory.close();
      for (const object of objects) object.close();
    }
  }

  async #say(line: string, answer: string, timeoutMs: number): Promise<void> {
    for (const peer of this.#peers) peer.write(line);
    for (const peer of this.#peers) assert.equal(await peer.line(timeoutMs), answer);
  }

  end(): void {
    for (const peer of this.#peers) peer.kill();
  }
}

/** One count under a mutex, by processes of its own. */
export async function countTogether(
  processes: readonly (Runtime | "C")[],
  rounds: number,
  timeoutMs: number,
): Promise<CounterResult> {
  const counters = new Counters(processes);
  try {
    return await counters.count("Mutex", rounds, timeoutMs);
  } finally {
    counters.end();
  }
}
