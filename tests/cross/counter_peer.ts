// For each line KIND NAME MEMORY ROUNDS increments words in shared memory so often, each time under the lock: see counter.ts.

import process from "node:process";
import { createInterface } from "node:readline";
import { Barrier, Condition, FutexLock, Mutex, RwLock, Semaphore, SharedMemory, SpinLock } from "../../mod.ts";
import { BUSY, FAULTS, HAND_OFFS, LAST, LOCK_OFFSET, PARTIES, SECOND, TOTAL } from "./counter_words.ts";

let memory: SharedMemory;
let words: Int32Array;

interface Unlockable {
  unlock(): void;
}
/** Takes the lock, and answers what gives it back. */
type Take = () => Unlockable | undefined;

/** Each round begins as a reader, who must find both counters equal; every third one becomes the writer by an upgrade. */
function takeRwLock(lock: RwLock, round: number): Unlockable | undefined {
  const reader = lock.readSync();
  if (words[TOTAL] !== words[SECOND]) Atomics.add(words, FAULTS, 1);
  const writer = round % 3 === 0 ? reader?.tryUpgrade() : undefined;
  if (writer !== undefined) return writer;
  reader?.unlock();
  return lock.writeSync();
}

/** A lock made of a word, a mutex and a condition: each notification that is lost is for ever. */
function takeCondition(condition: Condition, mutex: Mutex): Unlockable {
  let guard = mutex.lockSync();
  while (guard !== undefined && words[BUSY] !== 0) guard = condition.waitSync(guard).guard;
  words[BUSY] = 1;
  guard?.unlock();
  const unlock = () => {
    const again = mutex.lockSync();
    words[BUSY] = 0;
    condition.notifyAll();
    again?.unlock();
  };
  return { unlock };
}

const openers: Record<string, (name: string) => Take> = {
  Mutex(name) {
    const mutex = Mutex.open(name);
    return () => mutex.lockSync();
  },
  RwLock(name) {
    const lock = RwLock.open(name);
    let round = 0;
    return () => takeRwLock(lock, ++round);
  },
  Semaphore(name) {
    const seats = Semaphore.open(name);
    const seat = { unlock: () => seats.release() };
    return () => (seats.acquireSync() ? seat : undefined);
  },
  Condition(name) {
    const [condition, mutex] = [Condition.open(name), Mutex.open(`${name}-m`)];
    return () => takeCondition(condition, mutex);
  },
  FutexLock() {
    const lock = FutexLock.over(memory, LOCK_OFFSET);
    return () => lock.lockSync();
  },
  SpinLock() {
    const lock = SpinLock.over(memory, LOCK_OFFSET);
    return () => lock.lockSync();
  },
};

function countUnder(take: Take, rounds: number): void {
  for (let round = rounds; round > 0; round--) {
    const guard = take();
    words[TOTAL] = (words[TOTAL] as number) + 1;
    if (words[LAST] !== process.pid) words[HAND_OFFS] = (words[HAND_OFFS] as number) + 1;
    words[LAST] = process.pid;
    words[SECOND] = (words[SECOND] as number) + 1;
    guard?.unlock();
  }
}

/** All add; once all have arrived the sum is known; and nobody adds again before all have looked. */
function countPhases(barrier: Barrier, rounds: number): void {
  barrier.join();
  for (let round = 1; round <= rounds; round++) {
    Atomics.add(words, TOTAL, 1);
    const first = barrier.arriveSync();
    if (Atomics.load(words, TOTAL) !== round * (words[PARTIES] as number)) Atomics.add(words, FAULTS, 1);
    if (first !== 2 * round - 1 || barrier.arriveSync() !== 2 * round) throw new Error("another phase than that");
  }
}

/** What is open stays open: a lock that nobody refers to may be collected. */
const counted: unknown[] = [];

function prepare([kind, name, memoryName, rounds]: [string, string, string, string]): () => void {
  memory = SharedMemory.open(memoryName);
  words = new Int32Array(memory.buffer);
  if (kind === "Barrier") return countPhases.bind(undefined, Barrier.open(name), Number(rounds));
  return countUnder.bind(undefined, (openers[kind] as (name: string) => Take)(name), Number(rounds));
}

let count: (() => void) | undefined;
createInterface(process.stdin)
  .on("line", (line) => {
    if (count === undefined) {
      count = prepare(line.split(" ") as [string, string, string, string]);
      counted.push(count);
      console.log("ready");
    } else {
      count();
      count = undefined;
      console.log("done 0");
    }
  })
  .on("close", () => process.exit(0)); // what is open is closed by the kernel
