// Explorer: a condition, while one waits for it, and others notify, take the mutex, give it back or die.
//
// Both classes are the library's own, with their waits and the engine's watches; see kernel.ts for what is modelled. A
// notification behind the moment at which the mutex was given back is not lost, and none is told of that nobody made.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Condition } from "../../src/sync/condition.ts";
import { CONDITION_SIZE, EVENTCOUNT, LOCK } from "../../src/sync/layout.ts";
import { Mutex, type MutexGuard } from "../../src/sync/mutex.ts";
import { Actor, Cast } from "./cast.ts";
import { type Act, BASE } from "./kernel.ts";
import { Sampling } from "./sampling.ts";

/** Of all moments, one in so many. */
const STRIDE = 1;

class User extends Actor {
  readonly mutex: Mutex;
  readonly condition: Condition;
  readonly #scene: Scene;
  #guard: MutexGuard | undefined;
  /** It has handed its guard to the condition. */
  isWaiting = false;
  /** Notifications since it began to wait, as far as it cannot have missed them. */
  notifications = 0;
  /** Whether a notification may have been for it. */
  mayBeNotified = false;

  constructor(scene: Scene) {
    super(scene.kernel);
    this.#scene = scene;
    this.condition = scene.kernel.make(this.process, (placement) => new Condition(placement)).unref();
    this.mutex = scene.kernel.make(this.process, (placement) => new Mutex(placement), CONDITION_SIZE).unref();
  }

  get isInside(): boolean {
    return this.#guard !== undefined && !this.process.isDead;
  }

  enter(guard: MutexGuard | undefined): void {
    this.#guard = guard;
    guard?.repaired(); // where the one before it died
    if (guard !== undefined) this.#scene.check();
  }

  leave(): void {
    const guard = this.#guard;
    this.#guard = undefined;
    guard?.unlock();
  }

  tryLock(): boolean {
    this.enter(this.mutex.tryLock());
    return this.isInside;
  }

  /** With the mutex held. */
  async wait(): Promise<void> {
    const guard = this.#giveAway();
    this.#return(await this.condition.wait(guard));
  }

  waitSync(): void {
    const guard = this.#giveAway();
    this.#return(this.condition.waitSync(guard));
  }

  #giveAway(): MutexGuard {
    const guard = this.#guard as MutexGuard;
    this.#guard = undefined;
    this.isWaiting = true;
    return guard;
  }

  #return({ guard, notified }: { guard: MutexGuard; notified: boolean }): void {
    this.enter(guard);
    if (!notified || !this.mayBeNotified) this.#scene.kernel.fail(`${this.process.number} came back without a cause`);
    this.isWaiting = false;
    this.leave();
  }
}

/** Fails when two have the mutex. */
class Scene extends Cast<User> {
  /** So often notified that the next one makes the eventcount negative. */
  constructor() {
    super();
    new Int32Array(this.kernel.memory.buffer)[(BASE + EVENTCOUNT) / 4] = 2 ** 31 - 2;
  }

  protected make(): User {
    return new User(this);
  }

  check(): void {
    const inside = this.users.filter(({ isInside }) => isInside);
    if (inside.length > 1) this.kernel.fail(`${inside.map(({ process }) => process.number)} are inside`);
  }

  /** Whoever waits and has given the mutex back is to come back. */
  notify(user: User): void {
    for (const other of this.users) {
      if (!other.isWaiting) continue;
      other.mayBeNotified = true;
      if (this.#mutexOwner !== other.process.owner) other.notifications++;
    }
    user.condition.notifyAll();
  }

  get #mutexOwner(): number {
    return this.kernel.peek(CONDITION_SIZE + LOCK);
  }

  /** Who has the mutex gives it back; whoever was notified has come back then, and the others do when they are. */
  async finish(): Promise<void> {
    await this.kernel.settle();
    for (let round = 0; round < 3; round++) {
      for (const user of this.users) if (user.isIdle && user.isInside) user.leave();
      await this.kernel.settle();
    }
    const missed = this.#waiting.filter(({ notifications }) => notifications > 0).map(({ process }) => process.number);
    assert.deepEqual(missed, [], "missed a notification");
    const last = this.start();
    assert.ok(last.tryLock(), "a newcomer gets the mutex");
    this.notify(last);
    last.leave();
    await this.kernel.settle();
    assert.deepEqual(this.#waiting, [], "asleep for ever");
  }

  get #waiting(): User[] {
    return this.users.filter(({ isBusy, process }) => isBusy && !process.isDead);
  }
}

/** What another one does in one go, where it can, or a third one. */
const deeds = {
  /** As one should. */
  changes(user: User, scene: Scene) {
    if (!user.isIdle || user.isInside || !user.tryLock()) return;
    scene.notify(user);
    user.leave();
  },
  notifies: (user: User, scene: Scene) => user.isIdle && scene.notify(user),
  locks: (user: User) => user.isIdle && !user.isInside && user.tryLock(),
  unlocks: (user: User) => user.isIdle && user.leave(),
  waits: (user: User) => user.isIdle && (user.isInside || user.tryLock()) && user.busily(() => user.wait()),
  dies: (user: User, scene: Scene) => scene.kernel.kill(user.process),
  "a third one waits": (_user: User, scene: Scene) => deeds.waits(scene.third),
  "a third one changes": (_user: User, scene: Scene) => deeds.changes(scene.third, scene),
};

/** The first two at moments of their own; or the interrupted one is killed. */
type Story = readonly (keyof typeof deeds | "it is killed")[];
const stories: readonly Story[] = [
  ["changes"],
  ["changes", "changes"],
  ["notifies", "notifies"],
  ["notifies", "locks"],
  ["locks", "notifies", "unlocks"],
  ["locks", "notifies", "dies"],
  ["locks", "dies", "a third one changes"],
  ["waits", "a third one changes"],
  ["waits", "dies", "a third one changes"],
  ["waits", "it is killed", "a third one changes"],
  ["a third one waits", "changes"],
  ["changes", "it is killed"],
];

const lives: Record<string, (user: User, scene: Scene) => Promise<void>> = {
  async waits(user) {
    if (user.tryLock()) await user.wait();
  },
  async blocks(user) {
    if (user.tryLock()) user.waitSync();
  },
  async "changes something"(user, scene) {
    if (!user.tryLock()) return;
    scene.notify(user);
    user.leave();
  },
};

/** For who blocks, after all else: it gets the mutex, and a notification if there was none that it can have missed. */
function rescue(main: User, deedOf: (deed: Story[number]) => () => void): Act[] {
  const notify = () => main.notifications === 0 && deedOf("a third one changes")();
  return [deedOf("unlocks"), notify].map((act) => ({ moment: Number.POSITIVE_INFINITY, act }));
}

/** False: there is no access of the first of these numbers. */
async function play(way: string, story: Story, moments: readonly number[]): Promise<boolean> {
  const scene = new Scene();
  return scene.kernel.play(async () => {
    const [other, main] = [scene.start(), scene.start()];
    const deedOf = (deed: Story[number]) => () => {
      if (deed === "it is killed") scene.kernel.kill(main.process);
      else deeds[deed](other, scene);
    };
    const acts = story.map(
      (deed, index): Act => ({ moment: moments[index] ?? Number.POSITIVE_INFINITY, act: deedOf(deed) }),
    );
    if (way === "blocks") acts.push(...rescue(main, deedOf));
    const begin = () => main.busily(() => (lives[way] as (typeof lives)[string])(main, scene));
    const hasHappened = await scene.kernel.run(main.process, acts, begin);
    await scene.finish();
    return hasHappened;
  });
}

/** While one blocks, promises of others are not kept. */
const isPlayable = (way: string, story: Story) => way !== "blocks" || !story.join().includes("waits");

describe("a condition", () => {
  for (const way of Object.keys(lives)) {
    it(`whose user ${way} beside others`, async (t) => {
      const sampling = new Sampling(STRIDE);
      for (const story of stories.filter((one) => isPlayable(way, one)))
        await sampling.atEachPair(story.join(", "), (moments) => play(way, story, moments));
      t.diagnostic?.(`${sampling.plays} plays`);
    });
  }
});
