// An RwLock among C processes of one and of several threads, which are killed at any instant, and JavaScript.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { type RwLock as Lock, RwLock, SharedMemory } from "../../mod.ts";
import { compilePeer } from "../support/c_peer.ts";
import { cleanUp, type Peer, Random, sleep, spawnProgram, uniqueName, within } from "../support/mod.ts";
import { closeAll, closing, make } from "../sync/scene.ts";

const [FIRST, SECOND, FAULTS, READS, WRITES, RECOVERIES, UPGRADES, STOP] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const KILLS = 12;
const THREADS = [1, 1, 3];

/** Our own turns: one as a reader, one as a writer, who awaits. */
async function takeTurns(lock: Lock, words: Int32Array): Promise<void> {
  for (const take of [() => lock.read(), () => lock.write()]) {
    const guard = await take();
    if (guard.recovered) {
      words[SECOND] = words[FIRST] as number;
      guard.repaired();
    } else if (words[FIRST] !== words[SECOND]) Atomics.add(words, FAULTS, 1);
    guard.unlock();
    if (guard.recovered) Atomics.add(words, RECOVERIES, 1);
  }
}

describe("an rwlock whose C holders are killed", () => {
  afterEach(closeAll);
  after(cleanUp);

  for (const preferReaders of [false, true]) {
    it(`stays sound and goes on${preferReaders ? ", readers preferred" : ""}`, async (t) => {
      const random = new Random();
      const { name, it: lock } = make(RwLock, "c-rw-kills", { preferReaders });
      const memory = closing(SharedMemory.create(uniqueName("c-rw-words"), { size: 4096, unlinkOnClose: true }));
      const words = new Int32Array(memory.buffer);
      const program = compilePeer("tests/cross/rwlock_worker.c");
      const start = (threads: number) => spawnProgram(program, [name, memory.name as string, String(threads)]);
      const workers: Peer[] = THREADS.map(start);
      for (const worker of workers) await worker.line();
      for (let kills = 0; kills < KILLS; kills++) {
        const index = random.below(workers.length);
        const before = Atomics.load(words, WRITES);
        await sleep(random.below(20));
        workers[index]?.kill();
        await workers[index]?.ended;
        workers[index] = start(THREADS[index] as number);
        await workers[index]?.line();
        await within(takeTurns(lock, words), 10_000, `our turns behind kill ${kills}, seed ${random.seed}`);
        assert.ok(Atomics.load(words, WRITES) >= before);
      }
      Atomics.store(words, STOP, 1);
      for (const { ended } of workers) assert.equal((await within(ended, 10_000, "a worker's end")).code, 0);
      const [reads, writes, recoveries, upgrades] = [READS, WRITES, RECOVERIES, UPGRADES].map((word) => words[word]);
      t.diagnostic(`${KILLS} kills, ${reads} reads, ${writes} writes, ${recoveries} recoveries, ${upgrades} upgrades`);
      assert.equal(words[FAULTS], 0, `seed ${random.seed}`);
      assert.ok(lock.tryWrite(), "nobody is left in it");
      assert.ok(reads && writes && upgrades);
    });
  }
});
