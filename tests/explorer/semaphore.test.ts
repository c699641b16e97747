// Explorer: a semaphore, one of whose users takes or gives back while others take, give back, wait or die.
//
// The class is the library's own, with its waits and the engine's watches; see kernel.ts for what is modelled. Permits that
// nobody owns are gone with who took them, and one who is killed as it gives some may have woken nobody: the watchdog does.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Semaphore } from "../../src/sync/semaphore.ts";
import { Actor, Cast } from "./cast.ts";
import { type Act, BASE } from "./kernel.ts";
import { Sampling } from "./sampling.ts";

/** Of all moments, one in so many. */
const STRIDE = 2;

/** A user of the semaphore, and what it knows to hold. */
class User extends Actor {
  readonly semaphore: Semaphore;
  readonly #scene: Scene;
  permits = 0;

  constructor(scene: Scene) {
    super(scene.kernel);
    this.#scene = scene;
    this.semaphore = scene.kernel.make(this.process, (placement) => new Semaphore(placement)).unref();
  }

  take(isTaken: boolean): void {
    if (!isTaken) return;
    this.permits++;
    this.#scene.check();
  }

  giveBack(): void {
    const { permits } = this;
    this.permits = 0;
    if (permits > 0) this.semaphore.release(permits);
  }

  die(isAmid = this.isBusy && !this.#scene.kernel.sleeps(this.process)): void {
    if (this.process.isDead) return;
    if (isAmid) this.#scene.isUncertain = true;
    this.#scene.kernel.kill(this.process);
  }
}

/** Fails when more permits are held than there are. */
class Scene extends Cast<User> {
  readonly isOwned: boolean;
  readonly #value: number;
  /** Somebody died amid a call, and may or may not have taken permits with it. */
  isUncertain = false;

  constructor(value: number, isOwned: boolean) {
    super();
    this.#value = value;
    this.isOwned = isOwned;
    Semaphore.kind.fill?.({ value, owned: isOwned }, this.kernel.memory.buffer, BASE);
  }

  protected make(): User {
    return new User(this);
  }

  get #living(): User[] {
    return this.users.filter(({ process }) => !process.isDead);
  }

  /** The dead give back what they owned. */
  check(): void {
    const users = this.isOwned ? this.#living : this.users;
    const held = users.reduce((sum, { permits }) => sum + permits, 0);
    if (held > this.#value) this.kernel.fail(`${held} permits of ${this.#value} are held`);
  }

  /** Who holds permits gives them back, until nobody does; nobody is left asleep beside a permit, and none is lost. */
  async finish(): Promise<void> {
    if (!this.isOwned && this.isUncertain) this.kernel.lookAgain();
    await this.kernel.settle();
    this.#checkAsleep(this.start().semaphore.value); // before others give theirs back, and wake whom they should not need to
    for (let holders = this.#holders; holders.length > 0; holders = this.#holders) {
      for (const user of holders) user.giveBack();
      await this.kernel.settle();
    }
    this.#checkAsleep(this.#countFree());
  }

  #checkAsleep(free: number): void {
    const asleep = this.#living.filter(({ isBusy }) => isBusy).map(({ process }) => process.number);
    if (free > 0) assert.deepEqual(asleep, [], "asleep beside a permit");
  }

  get #holders(): User[] {
    return this.#living.filter(({ isBusy, permits }) => !isBusy && permits > 0);
  }

  #countFree(): number {
    const newcomer = this.start();
    const { semaphore } = newcomer;
    const { value } = semaphore;
    while (semaphore.tryAcquire()) newcomer.take(true);
    assert.equal(newcomer.permits, value);
    const dead = this.users.filter(({ process }) => process.isDead);
    const lost = this.isOwned ? 0 : dead.reduce((sum, { permits }) => sum + permits, 0);
    const left = this.#value - lost;
    if (this.isOwned || !this.isUncertain) assert.equal(value, left, `${lost} permits are lost`);
    else assert.ok(value <= left, `${value} permits are left, and ${lost} are lost`);
    return value;
  }
}

/** What another one does in one go, where it can, or a third one. */
const deeds = {
  takes: (user: User) => user.isIdle && user.take(user.semaphore.tryAcquire()),
  "gives back": (user: User) => user.isIdle && user.giveBack(),
  awaits: (user: User) =>
    user.isIdle && user.permits === 0 && user.busily(async () => user.take(await user.semaphore.acquire())),
  dies: (user: User) => user.die(),
  "a third one takes": (_user: User, scene: Scene) => deeds.takes(scene.third),
  "a third one awaits": (_user: User, scene: Scene) => deeds.awaits(scene.third),
  "the third one gives back": (_user: User, scene: Scene) => deeds["gives back"](scene.third),
  "the third one dies": (_user: User, scene: Scene) => deeds.dies(scene.third),
};

/** The first two at moments of their own; or the interrupted one is killed. */
type Story = readonly (keyof typeof deeds | "it is killed")[];
const stories: readonly Story[] = [
  ["takes", "gives back"],
  ["takes", "dies"],
  ["takes", "it is killed"],
  ["gives back", "takes"],
  ["gives back", "takes", "dies"],
  ["gives back", "a third one takes", "the third one dies"],
  ["gives back", "a third one takes", "the third one gives back"],
  ["gives back", "it is killed"],
  ["dies", "a third one takes"],
  ["a third one takes", "the third one dies"],
  ["dies", "it is killed"],
  ["awaits", "gives back"],
  ["awaits", "dies"],
  ["a third one awaits", "gives back"],
  ["a third one awaits", "it is killed"],
];

const lives: Record<string, (user: User) => Promise<void>> = {
  async tries(user) {
    user.take(user.semaphore.tryAcquire());
    user.giveBack();
  },
  async awaits(user) {
    user.take(await user.semaphore.acquire());
    user.giveBack();
  },
  async blocks(user) {
    user.take(user.semaphore.acquireSync());
    user.giveBack();
  },
  async "takes all that it can"(user) {
    while (user.semaphore.tryAcquire()) user.take(true);
    user.giveBack();
  },
};

interface Start {
  readonly value: number;
  readonly isOwned: boolean;
  /** How many of the permits the other one has at the beginning. */
  readonly taken: number;
}

/** False: there is no access of the first of these numbers. */
async function play(
  { value, isOwned, taken }: Start,
  way: string,
  story: Story,
  moments: readonly number[],
): Promise<boolean> {
  const scene = new Scene(value, isOwned);
  return scene.kernel.play(async () => {
    const other = scene.start();
    for (let count = 0; count < taken; count++) deeds.takes(other);
    const main = scene.start();
    const acts = story.map(
      (deed, index): Act => ({
        moment: moments[index] ?? Number.POSITIVE_INFINITY,
        act: () => (deed === "it is killed" ? main.die(true) : deeds[deed](other, scene)),
      }),
    );
    // somebody must let in who blocks, before it comes back
    const lastDeeds = way === "blocks" ? (["gives back", "the third one gives back"] as const) : [];
    for (const deed of lastDeeds) acts.push({ moment: Number.POSITIVE_INFINITY, act: () => deeds[deed](other, scene) });
    const life = lives[way] as (typeof lives)[string];
    const hasHappened = await scene.kernel.run(main.process, acts, () => main.busily(() => life(main)));
    await scene.finish();
    return hasHappened;
  });
}

/** Where permits go with the dead, who blocks may wait for one that never comes; and promises of others are not kept. */
function isPlayable(way: string, { isOwned }: Start, story: Story): boolean {
  const text = story.join();
  return way !== "blocks" || !(text.includes("await") || (!isOwned && text.includes("dies")));
}

async function explore(way: string, isOwned: boolean): Promise<number> {
  const sampling = new Sampling(STRIDE);
  for (const [value, taken] of [
    [1, 0],
    [1, 1],
    [2, 1],
    [2, 2],
  ] as const) {
    const start = { value, isOwned, taken };
    for (const story of stories.filter((one) => isPlayable(way, start, one))) {
      const what = `${taken} permits of ${value} taken: ${story.join(", ")}`;
      await sampling.atEachPair(what, (moments) => play(start, way, story, moments));
    }
  }
  return sampling.plays;
}

describe("a semaphore", () => {
  for (const isOwned of [false, true]) {
    for (const way of Object.keys(lives)) {
      it(`${isOwned ? "of owned permits " : ""}whose user ${way} beside others`, async (t) => {
        t.diagnostic?.(`${await explore(way, isOwned)} plays`);
      });
    }
  }
});
