// Pairs: two real processes of any two runtimes and one ring, every message of which is judged.

import assert from "node:assert/strict";
import { SharedMemory, SpscRing } from "../../mod.ts";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import { TAIL } from "../../src/ring/spsc/layout.ts";
import { type Runtime, runtimeNamed, spawnPeer, uniqueName, within } from "../support/mod.ts";
import type { PairJob, PairResult } from "./peer_pair.ts";

export type { PairResult } from "./peer_pair.ts";

const program = new URL("./peer_pair.ts", import.meta.url);

/** The nine pairs of the three runtimes, as producer and consumer. */
export const ninePairs: readonly (readonly [Runtime, Runtime])[] = ["bun", "deno", "node26"].flatMap((producer) =>
  ["bun", "deno", "node26"].map((consumer) => [runtimeNamed(producer), runtimeNamed(consumer)] as const),
);

export interface PairOptions {
  readonly messages: number;
  readonly seed: number;
  readonly capacity?: number;
  /** Position of the first message; unless said it is near 2 ** 32, so that positions start anew soon. */
  readonly position?: number;
  readonly spinMs?: number;
  readonly timeoutMs?: number;
  onProgress?(received: number): void;
}

export const NEAR_THE_WRAP = 2 ** 32 - 2 ** 16;

/** Moves a ring that nobody has used yet to another position. */
export function startAt(name: string, position: number): void {
  const memory = SharedMemory.open(name);
  const words = new Int32Array(memory.buffer);
  Atomics.store(words, (OBJECT_OFFSET + TAIL) / 4, position | 0);
  memory.close();
}

async function lastLine(peer: ReturnType<typeof spawnPeer>, options: PairOptions): Promise<PairResult> {
  for (;;) {
    const line = await peer.line(options.timeoutMs ?? 60_000);
    if (line.startsWith("{")) return JSON.parse(line) as PairResult;
    options.onProgress?.(Number(line));
  }
}

async function runPeers(job: Omit<PairJob, "role">, producer: Runtime, consumer: Runtime, options: PairOptions) {
  const start = (runtime: Runtime, role: PairJob["role"]) =>
    spawnPeer(runtime, program, [JSON.stringify({ ...job, role } satisfies PairJob)]);
  const [sending, receiving] = [start(producer, "produce"), start(consumer, "consume")];
  try {
    const result = await lastLine(receiving, options);
    for (const peer of [sending, receiving]) {
      const end = await within(peer.ended, 10_000, "the end of a peer that has finished");
      assert.deepEqual([end.code, end.stderr], [0, ""]);
    }
    return result;
  } finally {
    sending.kill();
    receiving.kill();
  }
}

/** Sends messages from `producer` to `consumer`; what the consumer says of them. */
export async function runPair(producer: Runtime, consumer: Runtime, options: PairOptions): Promise<PairResult> {
  const { messages, seed, capacity = 1 << 14, position = NEAR_THE_WRAP, spinMs } = options;
  const name = uniqueName(`${producer.name}-${consumer.name}`);
  const ring = SpscRing.create(name, { capacity, unlinkOnClose: true });
  try {
    startAt(name, position);
    return await runPeers({ name, messages, seed, position, spinMs }, producer, consumer, options);
  } finally {
    ring.close();
  }
}

/** Nothing was lost, reordered or torn, every position was right, and the end of the stream was seen. */
export function assertWhole(result: PairResult, messages: number): void {
  const faults = { lost: 0, reordered: 0, torn: 0, misplaced: 0 };
  assert.deepEqual(result, { received: messages, ended: true, ...faults });
}
