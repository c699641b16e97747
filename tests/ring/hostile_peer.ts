// The fuzzer of hostile.test.ts: uses a ring while random words of its memory are overwritten behind its back.

import process from "node:process";
import { IpcError, SharedMemory, SpscRing } from "../../mod.ts";
import { OBJECT_OFFSET, PARTICIPANTS_OFFSET } from "../../src/memory/layout.ts";
import * as layout from "../../src/ring/spsc/layout.ts";
import { Random } from "../support/random.ts";

const [name, seed, rounds] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const random = new Random(seed);
const CAPACITY = 512;

const hotWords = [layout.MESSAGES, layout.TAIL, layout.CONSUMER_WAIT, layout.PRODUCER_WAIT, layout.PRODUCER_ROLE];
const coldWords = [layout.PRODUCER_STATE, layout.CONSUMER_ROLE, layout.CONSUMER_STATE, layout.CAPACITY, layout.MAGIC];

/** A value that a peer would not write, or would. */
function value(): number {
  const kinds = [() => random.word() | 0, () => random.below(64) - 32, () => random.below(CAPACITY) & ~7];
  return random.pick([...kinds, () => 1 << random.below(32), () => -1])();
}

/** Where: the indices and roles most of all, the participants, the messages. */
function place(size: number): number {
  const kind = random.below(10);
  if (kind < 6) return OBJECT_OFFSET + random.pick(hotWords);
  if (kind < 7) return OBJECT_OFFSET + random.pick(coldWords);
  if (kind < 8) return PARTICIPANTS_OFFSET + 4 * random.below(64);
  if (kind < 9) return OBJECT_OFFSET + layout.MESSAGES + 4 * random.below(CAPACITY / 4);
  return 4 * random.below(size / 4);
}

/** An error of ours is an answer; anything else is a bug. */
async function allowed(action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof IpcError) && !(error instanceof RangeError)) throw error;
  }
}

function actions(ring: SpscRing, sides: ReturnType<typeof sidesOf>): (() => unknown)[] {
  const { producer, consumer } = sides;
  return [
    () => producer?.trySend(random.bytes(random.below(200))),
    () => producer?.claim(random.below(200))?.fill(1) && producer.commit(),
    () => producer?.sendSync(new Uint8Array(200), { timeoutMs: 1 }),
    () => producer?.send(new Uint8Array(200), { timeoutMs: 1 }),
    () => consumer?.tryReceive(),
    () => consumer?.drain((message) => message.reduce((sum, byte) => sum + byte, 0), 20),
    () => consumer?.receiveSync({ timeoutMs: 1 }),
    () => consumer?.receive({ timeoutMs: 1 }),
    () => consumer?.peek() && consumer.release(),
    () => consumer?.ended,
    () => SpscRing.open(name).close(),
    () => ring.producer().close(),
    () => ring.consumer().close(),
  ];
}

function take<Side>(get: () => Side): Side | undefined {
  try {
    return get();
  } catch (error) {
    if (error instanceof IpcError) return undefined;
    throw error;
  }
}

const sidesOf = (ring: SpscRing) => ({ producer: take(() => ring.producer()), consumer: take(() => ring.consumer()) });

for (let done = 0; done < rounds; ) {
  const ring = SpscRing.create(name, { capacity: CAPACITY, spinMs: 0, unlinkOnClose: true });
  const memory = SharedMemory.open(name);
  const words = new Int32Array(memory.buffer);
  const sides = sidesOf(ring);
  const all = actions(ring, sides);
  for (let step = 0; step < 25; step++, done++) {
    words[place(memory.size) / 4] = value();
    const begin = performance.now();
    const action = random.pick(all);
    await allowed(action);
    const took = performance.now() - begin;
    if (took > 10_000) throw new Error(`step ${done} took ${took} ms: ${action}`);
  }
  memory.close();
  ring.close();
  SpscRing.unlink(name);
}
console.log(`survived ${rounds}`);
