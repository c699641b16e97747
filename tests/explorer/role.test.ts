// Explorer: falling asleep while somebody takes the other side's role, in two goes, and is killed at any access.
//
// The sleeper does what src/wait/waiter.ts does: it announces itself, asks whom to watch, looks once more, and sleeps until
// its eventcount has changed or the watched one is dead.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type IpcError, PeerDiedError } from "../../mod.ts";
import type { Participants } from "../../src/memory/participants.ts";
import { PeerEnd } from "../../src/ring/peer_end.ts";
import { Role } from "../../src/ring/role.ts";
import { prepareToSleep } from "../../src/wait/eventcount.ts";
import { actAt, Crash, TracedMemory } from "./traced.ts";

const WORDS = { noun: "producer", role: 0, state: 4, candidate: 8 } as const;
const EVENTCOUNT = 3;
const BEFORE = 1 << 10;
const TAKER = 2 << 10;
const OTHER = 3 << 10;

/** One role, whose holder before, if there was one, is dead. */
class Scene {
  readonly memory = new TracedMemory(new ArrayBuffer(64));
  readonly bytes = new Uint8Array(this.memory.buffer);
  readonly dead = new Set([BEFORE]);

  constructor(before: number) {
    new Int32Array(this.memory.buffer)[0] = before;
  }

  role(id: number): Role {
    const isDead = (owner: number) => this.dead.has(owner);
    const no = () => false;
    const table = {
      join: () => id,
      isDead,
      isFoundDead: isDead,
      isProvenDead: isDead,
      needsAsking: no,
      isOfThisThread: no,
      pidOf: () => 0,
    };
    return new Role(new Int32Array(this.memory.buffer), 0, WORDS, table as unknown as Participants);
  }
}

/** Takes the role, so far as it is let. */
class Taker {
  readonly #scene: Scene;
  readonly #id: number;
  readonly #first: Uint8Array;
  #done = 0;

  constructor(scene: Scene, id: number) {
    this.#scene = scene;
    this.#id = id;
    this.#first = scene.bytes.slice();
  }

  /**
   * Goes on up to its access number `stop`; whether there is such an access. What it has done before it does again, on the
   * bytes that it found then: so it comes to where it was.
   */
  goOn(stop: number): boolean {
    const { memory, bytes } = this.#scene;
    const now = bytes.slice();
    bytes.set(this.#first);
    let count = 0;
    memory.onAccess = () => {
      if (count === this.#done) bytes.set(now);
      if (count++ >= stop) throw new Crash(); // also in its `finally`: the dead run none
    };
    try {
      this.#take();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    } finally {
      memory.onAccess = undefined;
    }
    if (count <= this.#done) bytes.set(now);
    this.#done = stop;
    return count > stop;
  }

  #take(): void {
    const words = new Int32Array(this.#scene.memory.buffer);
    this.#scene.role(this.#id).take("explored", () => {
      if ((Atomics.load(words, EVENTCOUNT) & 1) !== 0) Atomics.add(words, EVENTCOUNT, 1);
    });
  }
}

class Sleeper {
  readonly #scene: Scene;
  readonly #words: Int32Array;
  readonly #end: PeerEnd;
  #key = 0;
  #watched = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#words = new Int32Array(scene.memory.buffer);
    this.#end = new PeerEnd(scene.role(0));
  }

  look(): void {
    if (this.#end.error({ syscall: "receive", doing: "receive" }) instanceof PeerDiedError) this.#end.tell();
  }

  fallAsleep(): void {
    this.#key = prepareToSleep(this.#words, EVENTCOUNT);
    this.#watched = this.#end.watched;
    this.look();
  }

  get sleeps(): boolean {
    return Atomics.load(this.#words, EVENTCOUNT) === this.#key && !this.#scene.dead.has(this.#watched);
  }
}

/** Another one takes the role, and is killed; the sleeper is told of it. */
function overtake(scene: Scene, sleeper: Sleeper): void {
  new Taker(scene, OTHER).goOn(Number.POSITIVE_INFINITY);
  scene.dead.add(OTHER);
  sleeper.look();
}

interface Play {
  readonly before: number;
  readonly isOvertaken: boolean;
  /** The taker stops at its access `first`, goes on at the sleeper's access `index`, or behind all, and stops at `later`. */
  readonly first: number;
  readonly index: number;
  readonly later: number;
}

/** Whether there are these accesses. */
function play({ before, isOvertaken, first, index, later }: Play): { isThere: boolean; isStopped: boolean } {
  const scene = new Scene(before);
  const { memory, dead } = scene;
  return memory.trace(() => {
    const sleeper = new Sleeper(scene);
    sleeper.look();
    const taker = new Taker(scene, TAKER);
    taker.goOn(first);
    const holds = () => new Int32Array(memory.buffer)[0] === TAKER;
    if (isOvertaken && !holds()) overtake(scene, sleeper);
    let isStopped = false;
    const goOn = () => {
      isStopped = taker.goOn(later);
    };
    const isThere = actAt(memory, [index], goOn, () => sleeper.fallAsleep());
    if (!isThere) goOn();
    dead.add(TAKER);
    assert.ok(!holds() || !sleeper.sleeps, `it sleeps for ever: ${first} | ${index} | ${later}`);
    return { isThere, isStopped };
  });
}

describe("falling asleep while the other side's role is taken by one who is killed", () => {
  const scenes = { "free role": 0, "role of a dead one, whose end was told": BEFORE };
  for (const [name, before] of Object.entries(scenes)) {
    for (const isOvertaken of [false, true])
      it(`${name}${isOvertaken ? ", and of one more meanwhile" : ""}: this death is told, too`, (t) => {
        let count = 0;
        for (let index = 0, isThere = true; isThere; index++) {
          for (let later = 0, isStopped = true; isStopped; later++)
            for (let first = 0; first <= later; first++, count++)
              ({ isThere, isStopped } = play({ before, isOvertaken, first, index, later }));
        }
        t.diagnostic?.(`${count} plays`);
      });
  }
});

/** As goOn; false also where the role was somebody else's. */
function attempt(taker: Taker, stop: number): boolean {
  try {
    return taker.goOn(stop);
  } catch (error) {
    assert.equal((error as IpcError).code, "EBUSY");
    return false;
  }
}

describe("falling asleep between two who take the other side's role", () => {
  /** The first stops at its access `first`, the other one at `second`; the sleeper sleeps; the first goes on, and is killed. */
  function cross(before: number, first: number, second: number): { isFirst: boolean; isSecond: boolean } {
    const scene = new Scene(before);
    return scene.memory.trace(() => {
      const sleeper = new Sleeper(scene);
      sleeper.look();
      const taker = new Taker(scene, TAKER);
      const isFirst = attempt(taker, first);
      const isSecond = attempt(new Taker(scene, OTHER), second);
      sleeper.fallAsleep();
      attempt(taker, Number.POSITIVE_INFINITY);
      scene.dead.add(TAKER);
      const holds = new Int32Array(scene.memory.buffer)[0] === TAKER;
      assert.ok(!holds || !sleeper.sleeps, `it watches over the other one: ${first} | ${second}`);
      return { isFirst, isSecond };
    });
  }

  for (const before of [0, BEFORE])
    it(`the death of the one who had it is told, and not only that of the other (before: ${before})`, () => {
      for (let first = 0, isFirst = true; isFirst; first++)
        for (let second = 0, isSecond = true; isSecond; second++)
          ({ isFirst, isSecond } = cross(before, first, second));
    });
});
