// Explorer: something that is done once, while others begin it, end it, fail at it, wait for it or die at it.
//
// The class is the library's own, with its waits and the engine's watches; see kernel.ts for what is modelled. An
// initialiser that another one has begun goes on until that one ends it; the interrupted one's passes a few moments.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LOCK } from "../../src/sync/layout.ts";
import { Once } from "../../src/sync/once.ts";
import { Actor, Cast } from "./cast.ts";
import type { Act } from "./kernel.ts";
import { Sampling } from "./sampling.ts";

/** Of all moments, one in so many. */
const STRIDE = 1;

/** Who may do it. */
class User extends Actor {
  readonly once: Once;
  readonly #scene: Scene;
  isAtIt = false;
  hasClosed = false;
  #end: (() => void) | undefined;
  #fail: ((reason: Error) => void) | undefined;

  constructor(scene: Scene) {
    super(scene.kernel);
    this.#scene = scene;
    this.once = scene.kernel.make(this.process, (placement) => new Once(placement)).unref();
  }

  /** The initialiser begins. */
  #begin(): void {
    this.isAtIt = true;
    this.#scene.check(this);
  }

  /** As long as it takes: until `end`. */
  readonly atLength = (): Promise<void> => {
    this.#begin();
    return new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
  };

  readonly atOnce = (): void => {
    this.#begin();
    for (let moment = 0; moment < 3; moment++) this.#scene.kernel.pass(this.process);
    this.isAtIt = false;
  };

  end(): void {
    this.isAtIt = false;
    this.#end?.();
  }

  fail(): void {
    this.isAtIt = false;
    this.#fail?.(new Failure());
  }

  /** What it was told is checked. */
  override busily(life: () => Promise<boolean | undefined>): void {
    this.isBusy = true;
    this.#scene.kernel.live(async () => {
      const hasRun = await life().catch(unlessFailed);
      if (hasRun !== undefined) this.#scene.told(hasRun, this.once.isDone);
      this.isBusy = false;
    });
  }

  /** Ends it at this very moment: the next one does it. */
  close(): void {
    this.isAtIt = false;
    this.hasClosed = true;
    this.once.close();
  }

  die(): void {
    this.#scene.kernel.kill(this.process);
  }
}

class Failure extends Error {}

function unlessFailed(error: unknown): undefined {
  if (!(error instanceof Failure)) throw error;
}

/** Fails when two are at it, or when it begins once more after somebody was told that it is done. */
class Scene extends Cast<User> {
  #isDone = false;
  /** How many were told that it ran there. */
  #runs = 0;

  protected make(): User {
    return new User(this);
  }

  get #living(): User[] {
    return this.users.filter(({ process, hasClosed }) => !process.isDead && !hasClosed);
  }

  check(user: User): void {
    if (this.#isDone) this.kernel.fail(`${user.process.number} begins what is done`);
    const others = this.#living.filter((other) => other !== user && other.isAtIt);
    if (others.length > 0) this.kernel.fail(`${user.process.number} and ${others[0]?.process.number} are both at it`);
  }

  /** A run that came back; one that did not wait long enough is told nothing. */
  told(hasRun: boolean, isDone: boolean): void {
    if (!hasRun && !isDone) return;
    if (!isDone) this.kernel.fail("it ran, and is not done");
    if (hasRun && ++this.#runs > 1) this.kernel.fail("it was done twice");
    this.#isDone = true;
  }

  /** Who is at it ends; nobody is left asleep then, and for a newcomer it is done, or it does it. */
  async finish(): Promise<void> {
    await this.kernel.settle();
    for (let workers = this.#workers; workers.length > 0; workers = this.#workers) {
      for (const user of workers) user.end();
      await this.kernel.settle();
    }
    const asleep = this.#living.filter(({ isBusy }) => isBusy).map(({ process }) => process.number);
    assert.deepEqual(asleep, [], "asleep for ever");
    const owner = this.kernel.peek(LOCK);
    assert.ok(!this.#living.some(({ process }) => process.owner === owner), `${owner} is still at it`);
    const newcomer = this.start();
    newcomer.busily(() => newcomer.once.run(newcomer.atOnce));
    await this.kernel.settle();
    assert.equal(newcomer.isBusy, false, "a newcomer gets on");
  }

  get #workers(): User[] {
    return this.#living.filter(({ isAtIt }) => isAtIt);
  }
}

/** What another one does in one go, where it can, or a third one. */
const deeds = {
  begins: (user: User) => !user.isBusy && !user.process.isDead && user.busily(() => user.once.run(user.atLength)),
  ends: (user: User) => user.isAtIt && !user.process.isDead && user.end(),
  fails: (user: User) => user.isAtIt && !user.process.isDead && user.fail(),
  closes: (user: User) => user.isAtIt && !user.process.isDead && user.close(),
  dies: (user: User) => user.die(),
  "does it": (user: User) =>
    !user.isBusy && !user.process.isDead && user.busily(async () => user.once.runSync(user.atOnce, { timeoutMs: 0 })),
  "a third one begins": (_user: User, scene: Scene) => deeds.begins(scene.third),
  "a third one does it": (_user: User, scene: Scene) => deeds["does it"](scene.third),
  "the third one ends": (_user: User, scene: Scene) => deeds.ends(scene.third),
  "the third one dies": (_user: User, scene: Scene) => deeds.dies(scene.third),
};

/** The first two at moments of their own; or the interrupted one is killed. */
type Story = readonly (keyof typeof deeds | "it is killed")[];
const fromNothing: readonly Story[] = [
  ["begins", "ends"],
  ["begins", "dies"],
  ["begins", "fails"],
  ["begins", "it is killed"],
  ["does it", "it is killed"],
  ["a third one begins", "begins", "the third one dies"],
];
const fromBegun: readonly Story[] = [
  ["ends", "it is killed"],
  ["dies", "a third one does it"],
  ["dies", "a third one begins", "the third one ends"],
  ["fails", "a third one begins", "the third one dies"],
  ["fails", "a third one does it"],
  ["fails", "it is killed"],
  ["a third one begins", "fails"],
  ["closes", "a third one begins", "the third one dies"],
  ["closes", "a third one does it"],
  ["closes", "it is killed"],
];

const lives: Record<string, (user: User) => Promise<boolean | undefined>> = {
  runs: (user) => user.once.run(user.atOnce),
  "runs blocking": async (user) => user.once.runSync(user.atOnce),
  async "runs, and fails"(user) {
    const fail = () => {
      user.atOnce();
      throw new Failure();
    };
    return user.once.run(fail);
  },
};

/** False: there is no access of the first of these numbers. */
async function play(
  life: keyof typeof lives,
  isBegun: boolean,
  story: Story,
  moments: readonly number[],
): Promise<boolean> {
  const scene = new Scene();
  return scene.kernel.play(async () => {
    const other = scene.start();
    if (isBegun) deeds.begins(other);
    await scene.kernel.settle();
    const main = scene.start();
    const acts = story.map(
      (deed, index): Act => ({
        moment: moments[index] ?? Number.POSITIVE_INFINITY,
        act: () => (deed === "it is killed" ? main.die() : deeds[deed](other, scene)),
      }),
    );
    const begin = () => main.busily(() => (lives[life] as (typeof lives)[string])(main));
    const hasHappened = await scene.kernel.run(main.process, acts, begin);
    await scene.finish();
    return hasHappened;
  });
}

/** While one blocks, promises of the others are not kept: nobody ends or fails then. */
function isPlayable(way: string, isBegun: boolean, story: Story): boolean {
  const isKept = !story.some((deed) => deed.endsWith("ends") || deed.endsWith("fails") || deed.endsWith("begins"));
  return way !== "runs blocking" || (isKept && (!isBegun || story[0] === "dies" || story[0] === "closes"));
}

describe("what is done once", () => {
  for (const way of Object.keys(lives)) {
    it(`${way} beside others`, async (t) => {
      const sampling = new Sampling(STRIDE);
      for (const isBegun of [false, true]) {
        for (const story of isBegun ? fromBegun : fromNothing) {
          if (!isPlayable(way, isBegun, story)) continue;
          const what = `${isBegun ? "begun" : "not begun"}: ${story.join(", ")}`;
          await sampling.atEachPair(what, (moments) => play(way, isBegun, story, moments));
        }
      }
      t.diagnostic?.(`${sampling.plays} plays`);
    });
  }
});
