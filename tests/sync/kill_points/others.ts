// Scenes of what is no lock: Semaphore, Event, Once and Barrier.

import assert from "node:assert/strict";
import { Barrier, Event, Once, Semaphore } from "../../../mod.ts";
import { type AnyScene, IN_VAIN, LIMIT_MS, type Survivors, scene, soon } from "./scene.ts";

const unlinkOnClose = true;
const SEATS = 2;

const seats = {
  create: (name: string) => Semaphore.create(name, { value: SEATS, owned: true, unlinkOnClose }),
  open: (name: string) => Semaphore.open(name),
  /** The dead hold no permit: the living can have all, and no more. */
  outcomes: ["all permits are back"],
};

async function takeAll([one, two, three]: Survivors<Semaphore>): Promise<string> {
  assert.equal(three.value, SEATS);
  assert.equal(one.acquireSync({ timeoutMs: LIMIT_MS }), true);
  assert.equal(await soon(two.acquire(), "a permit"), true);
  assert.deepEqual([three.tryAcquire(), three.value], [false, 0]);
  one.release();
  two.release();
  assert.equal(three.value, SEATS);
  return "all permits are back";
}

function sitAndLeave(semaphore: Semaphore): void {
  for (let count = 0; count < SEATS; count++) assert.equal(semaphore.tryAcquire(), true);
  semaphore.release(SEATS);
}

const semaphoreScenes: readonly AnyScene[] = [
  scene<Semaphore>({
    title: "Semaphore: owned permits, taken and released",
    ...seats,
    act: sitAndLeave,
    judge: takeAll,
  }),
  scene<Semaphore>({
    title: "Semaphore: owned permits of a dead one, taken and released",
    ...seats,
    first: (semaphore) => void (semaphore.tryAcquire() && semaphore.tryAcquire()),
    act: sitAndLeave,
    judge: takeAll,
  }),
  scene<Semaphore, void, readonly Promise<boolean>[]>({
    title: "Semaphore: owned permits, released while others wait",
    ...seats,
    prepare: (semaphore) => void (semaphore.tryAcquire() && semaphore.tryAcquire()),
    begin: (early) => early.map((semaphore) => semaphore.acquire()),
    act: (semaphore) => semaphore.release(SEATS),
    async judge(survivors, waits) {
      assert.deepEqual(await soon(Promise.all(waits), "permits that were awaited"), [true, true]);
      for (const semaphore of survivors.slice(0, SEATS)) semaphore.release();
      return takeAll(survivors);
    },
  }),
  scene<Semaphore, undefined, Promise<boolean>>({
    title: "Semaphore: counted permits, released while somebody waits",
    create: (name) => Semaphore.create(name, { value: 0, unlinkOnClose }),
    open: (name) => Semaphore.open(name),
    begin: ([semaphore]) => semaphore.acquire(),
    act: (semaphore) => semaphore.release(),
    async judge([, another, last], wait) {
      if (last.value === 1) await soon(wait, "a permit that was given"); // without another wake-up
      another.release();
      await soon(wait, "a permit");
      return `${last.value} given`;
    },
    outcomes: ["0 given", "1 given"],
  }),
  scene<Semaphore>({
    title: "Semaphore: a counted permit, taken",
    create: (name) => Semaphore.create(name, { value: 1, unlinkOnClose }),
    open: (name) => Semaphore.open(name),
    act: (semaphore) => assert.equal(semaphore.tryAcquire(), true),
    judge: async ([one]) => `${one.value} left`,
    outcomes: ["1 left", "0 left"],
  }),
];

const eventScenes: readonly AnyScene[] = [
  scene<Event, undefined, Promise<boolean>[]>({
    title: "Event: set while others wait",
    create: (name) => Event.create(name, { unlinkOnClose }),
    open: (name) => Event.open(name),
    begin: (early) => early.map((event) => event.wait()),
    act: (event) => event.set(),
    async judge([, , event], waits) {
      const { isSet } = event;
      if (!isSet) event.set(); // else without another wake-up
      assert.deepEqual(await soon(Promise.all(waits), "an event"), [true, true]);
      return isSet ? "set" : "not set";
    },
    outcomes: ["not set", "set"],
  }),
  scene<Event>({
    title: "Event: a turnstile, passed",
    create: (name) => Event.create(name, { autoReset: true, unlinkOnClose }),
    open: (name) => Event.open(name),
    prepare: (event) => void event.set(),
    act: (event) => assert.equal(event.tryWait(), true),
    judge: async ([one, two]) => `${[one.tryWait(), two.tryWait()].filter((passed) => passed).length} more`,
    outcomes: ["1 more", "0 more"],
  }),
];

const once = {
  create: (name: string) => Once.create(name, { unlinkOnClose }),
  open: (name: string) => Once.open(name),
  act: (object: Once, _: unknown, holding: () => void) => void object.runSync(holding),
  async judge(survivors: Survivors<Once>) {
    let runs = 0;
    const count = () => void runs++;
    const [one, two, three] = survivors;
    const all = [
      three.runSync(count, { timeoutMs: LIMIT_MS }),
      soon(one.run(count), "run"),
      soon(two.run(count), "run"),
    ];
    await Promise.all(all);
    assert.deepEqual(
      survivors.map(({ isDone }) => isDone),
      [true, true, true],
    );
    return `${runs} runs`;
  },
  outcomes: ["1 runs", "0 runs"],
  whileHolding: "1 runs",
};

const onceScenes: readonly AnyScene[] = [
  scene<Once>({ title: "Once: run", ...once }),
  scene<Once>({
    title: "Once: run behind a dead one",
    ...once,
    first: (object) => void object.run(() => new Promise(() => {})),
  }),
];

const barrier = {
  create: (name: string) => Barrier.create(name, { unlinkOnClose }),
  open: (name: string) => Barrier.open(name),
};

/** All arrive in two phases, and the dead one is not waited for. */
async function meet([one, two]: Survivors<Barrier>): Promise<string> {
  for (let phase = 0; phase < 2; phase++) {
    const phases = await soon(Promise.all([one.arrive(), two.arrive()]), "a phase");
    assert.equal(phases[0], phases[1]);
  }
  return "they meet";
}

function arriveAll(early: readonly Barrier[]): Promise<number>[] {
  for (const member of early) member.join();
  return early.map((member) => member.arrive());
}

async function meetAgain(survivors: Survivors<Barrier>, arrivals: Promise<number>[]): Promise<string> {
  assert.deepEqual(await soon(Promise.all(arrivals), "the phase that the dead one was in"), [1, 1]);
  return meet(survivors);
}

const barrierScenes: readonly AnyScene[] = [
  scene<Barrier, undefined, void>({
    title: "Barrier: join and arrive first",
    ...barrier,
    begin(early) {
      for (const member of early) member.join();
    },
    act(member) {
      member.join();
      member.arriveSync(IN_VAIN);
    },
    judge: meet,
    outcomes: ["they meet"],
  }),
  scene<Barrier, void, Promise<number>[]>({
    title: "Barrier: arrive last",
    ...barrier,
    prepare: (member) => member.join(),
    begin: arriveAll,
    act: (member) => void member.arriveSync(),
    judge: meetAgain,
    outcomes: ["they meet"],
  }),
  scene<Barrier, void, Promise<number>[]>({
    title: "Barrier: leave while others wait",
    ...barrier,
    prepare: (member) => member.join(),
    begin: arriveAll,
    act: (member) => member.leave(),
    judge: meetAgain,
    outcomes: ["they meet"],
  }),
];

export const scenes: readonly AnyScene[] = [...semaphoreScenes, ...eventScenes, ...onceScenes, ...barrierScenes];
