// Scenes of a Mutex, and of a Condition with its mutex.

import assert from "node:assert/strict";
import { Condition, Mutex, type MutexGuard, SharedMemory } from "../../../mod.ts";
import { OBJECT_OFFSET } from "../../../src/memory/layout.ts";
import { EVENTCOUNT } from "../../../src/sync/layout.ts";
import { SLEEPERS } from "../../../src/wait/eventcount.ts";
import {
  type AnyScene,
  Heirs,
  IN_VAIN,
  LIMIT_MS,
  rotate,
  type Scene,
  type Survivors,
  scene,
  soon,
  type Who,
} from "./scene.ts";

const options = { unlinkOnClose: true };
const mutexes = { create: (name: string) => Mutex.create(name, options), open: (name: string) => Mutex.open(name) };

/** Ways to take it that need no more than a look. */
const looks: readonly ((mutex: Mutex) => Promise<MutexGuard | undefined>)[] = [
  async (mutex) => mutex.tryLock(),
  async (mutex) => mutex.lockSync({ timeoutMs: LIMIT_MS }),
  (mutex) => soon(mutex.lock(), "lock"),
];

/** One takes it, in one of the ways; then all of them wait for each other. */
async function takeOver(survivors: Survivors<Mutex>, who: Who, index: number): Promise<string> {
  const heirs = new Heirs();
  const first = rotate(survivors, index);
  await heirs.use(await rotate(looks, Math.floor(index / 3))(first));
  const told = heirs.told(who);
  await Promise.all(survivors.map(async (mutex) => heirs.use(await soon(mutex.lock(), "lock again"))));
  assert.equal(heirs.told(who), told, "a death is told once");
  assert.equal(first.isLocked, false);
  return told;
}

/** As takeOver, where the first two have waited already. */
async function follow(survivors: Survivors<Mutex>, waits: readonly Promise<MutexGuard>[], who: Who): Promise<string> {
  const heirs = new Heirs();
  await Promise.all(waits.map(async (wait) => heirs.use(await soon(wait, "a lock that was awaited"))));
  const told = heirs.told(who);
  assert.equal(await takeOver(survivors, who, 0), "nobody", "a death is told once");
  return told;
}

const waitAll = (early: readonly Mutex[]) => early.map((mutex) => mutex.lock());

/** Where a holder has died and another one has given up: whether it is told, or nobody can have it any more. */
async function takeOrFail(survivors: Survivors<Mutex>, who: Who, index: number): Promise<string> {
  try {
    return await takeOver(survivors, who, index);
  } catch (error) {
    assert.match(String(error), /ENOTRECOVERABLE.*beyond repair/);
    for (const mutex of survivors) assert.throws(() => mutex.tryLock(), /ENOTRECOVERABLE.*beyond repair/);
    return "unrecoverable";
  }
}

type MutexScene<Held, Begun> = Omit<Scene<Mutex, Held, Begun>, "create" | "open">;
const ofMutex = <Held = undefined, Begun = undefined>(it: MutexScene<Held, Begun>) => scene({ ...mutexes, ...it });

/** Takes it, holds it, gives it back. */
function turnOf(guard: MutexGuard | undefined, holding: () => void): void {
  holding();
  guard?.repaired();
  guard?.unlock();
}

const mutexScenes: readonly AnyScene[] = [
  ofMutex({
    title: "Mutex: lock and unlock",
    act: (mutex, _, holding) => turnOf(mutex.lockSync(), holding),
    judge: (survivors, _, who, index) => takeOver(survivors, who, index),
    outcomes: ["nobody", "victim", "nobody"],
    whileHolding: "victim",
  }),
  ofMutex({
    title: "Mutex: unlock while others wait",
    prepare: (mutex) => mutex.lockSync(),
    begin: waitAll,
    act: (_, guard, holding) => turnOf(guard, holding),
    judge: (survivors, waits, who) => follow(survivors, waits, who),
    outcomes: ["victim", "nobody"],
    whileHolding: "victim",
  }),
  ofMutex({
    title: "Mutex: a wait that ends in vain",
    begin: ([mutex]) => mutex.lockSync(),
    act: (mutex) => void mutex.lockSync(IN_VAIN),
    async judge(survivors, guard, who, index) {
      guard.unlock();
      return takeOver(survivors, who, index);
    },
    outcomes: ["nobody"],
  }),
  ofMutex({
    title: "Mutex: recovery, repair and unlock",
    first: (mutex) => void mutex.lockSync(),
    act: (mutex, _, holding) => turnOf(mutex.tryLock(), holding),
    judge: (survivors, _, who, index) => takeOver(survivors, who, index),
    outcomes: ["first", "victim", "nobody"],
    whileHolding: "victim",
  }),
  ofMutex({
    title: "Mutex: recovery that gives up",
    first: (mutex) => void mutex.lockSync(),
    act: (mutex) => mutex.lockSync().unlock({ unrecoverable: "beyond repair" }),
    judge: (survivors, _, who, index) => takeOrFail(survivors, who, index),
    outcomes: ["first", "victim", "unrecoverable"],
  }),
];

/** A condition and the mutex that goes with it. */
class Pair {
  readonly #name: string;
  readonly condition: Condition;
  readonly mutex: Mutex;

  constructor(name: string, condition: Condition, mutex: Mutex) {
    this.#name = name;
    this.condition = condition;
    this.mutex = mutex;
  }

  static create(name: string): Pair {
    return new Pair(name, Condition.create(name, options), Mutex.create(`${name}-mutex`, options));
  }

  static open(name: string): Pair {
    return new Pair(name, Condition.open(name), Mutex.open(`${name}-mutex`));
  }

  /** Whether the sequence of its eventcount has changed. */
  get isNotified(): boolean {
    const memory = SharedMemory.open(this.#name);
    const word = new DataView(memory.buffer).getInt32(OBJECT_OFFSET + EVENTCOUNT, true);
    memory.close();
    return word > SLEEPERS;
  }

  close(): void {
    this.condition.close();
    this.mutex.close();
  }
}

const mutexesOf = (pairs: Survivors<Pair>) => pairs.map(({ mutex }) => mutex) as unknown as Survivors<Mutex>;

const conditionScenes: readonly AnyScene[] = [
  scene<Pair, undefined, Promise<unknown>[]>({
    title: "Condition: notifyAll while others wait",
    create: Pair.create,
    open: Pair.open,
    begin: (early) =>
      early.map(async ({ condition, mutex }) => {
        const { guard, notified } = await condition.wait(mutex.lockSync());
        assert.equal(notified, true);
        guard.unlock();
      }),
    act: ({ condition }) => condition.notifyAll(),
    async judge(survivors, waits, who, index) {
      const { isNotified, condition } = survivors[2];
      if (!isNotified) condition.notifyAll(); // else without another wake-up
      await soon(Promise.all(waits), "a notification");
      assert.equal(await takeOver(mutexesOf(survivors), who, index), "nobody");
      return isNotified ? "notified" : "not notified";
    },
    outcomes: ["not notified", "notified"],
  }),
  scene<Pair, MutexGuard, undefined>({
    title: "Condition: a wait that ends in vain",
    create: Pair.create,
    open: Pair.open,
    prepare: ({ mutex }) => mutex.lockSync(),
    act: ({ condition }, before, holding) => turnOf(condition.waitSync(before, IN_VAIN).guard, holding),
    judge: (survivors, _, who, index) => takeOver(mutexesOf(survivors), who, index),
    outcomes: ["victim", "nobody", "victim", "nobody"],
    whileHolding: "victim",
  }),
];

export const scenes: readonly AnyScene[] = [...mutexScenes, ...conditionScenes];
