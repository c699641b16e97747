// Explorer: an event, while others set it, pass it, wait for it, reset it or die.
//
// The class is the library's own, with its waits and the engine's watches; see kernel.ts for what is modelled. One who is
// killed as it sets the event may have woken nobody, whom the watchdog wakes; one who has passed has used a set up.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Event } from "../../src/sync/event.ts";
import { EVENT_IS_SET } from "../../src/sync/layout.ts";
import { Actor, Cast } from "./cast.ts";
import { type Act, BASE } from "./kernel.ts";
import { Sampling } from "./sampling.ts";

/** Of all moments, one in so many. */
const STRIDE = 1;

class User extends Actor {
  readonly event: Event;
  readonly #scene: Scene;

  constructor(scene: Scene) {
    super(scene.kernel);
    this.#scene = scene;
    this.event = scene.kernel.make(this.process, (placement) => new Event(placement)).unref();
  }

  pass(hasPassed: boolean): void {
    if (hasPassed) this.#scene.passes++;
  }
}

class Scene extends Cast<User> {
  readonly resetsItself: boolean;
  /** Those that found it not set, as far as that is known. */
  sets = 0;
  passes = 0;
  /** The interrupted one sets it, or has been killed: whether that set counts is not known. */
  isUncertain = false;
  isKilled = false;

  constructor(resetsItself: boolean) {
    super();
    this.resetsItself = resetsItself;
    Event.kind.fill?.({ autoReset: resetsItself }, this.kernel.memory.buffer, BASE);
  }

  protected make(): User {
    return new User(this);
  }

  get isSet(): boolean {
    return this.kernel.peek(EVENT_IS_SET) === 1;
  }

  /** A set counts if it was not set, which others may change before it is. */
  set(user: User): void {
    this.sets += this.isSet ? 0 : 1;
    user.event.set();
  }

  /** Each set lets one through, or is there; nobody sleeps beside it; and who waits passes at last. */
  async finish(): Promise<void> {
    if (this.isKilled) this.kernel.lookAgain();
    await this.kernel.settle();
    const last = this.start();
    if (this.resetsItself) this.#checkPasses();
    if (this.isSet) assert.deepEqual(this.#asleep, [], "asleep beside a set event");
    for (let left = this.#asleep.length; left > 0; ) {
      last.event.set();
      await this.kernel.settle();
      const before = left;
      left = this.#asleep.length;
      assert.ok(this.resetsItself ? left < before : left === 0, "one more passes, or all");
    }
  }

  #checkPasses(): void {
    const sum = this.passes + (this.isSet ? 1 : 0);
    if (this.isUncertain) assert.ok(Math.abs(sum - this.sets) <= 1, `${sum} of ${this.sets} sets`);
    else assert.equal(sum, this.sets, `${this.passes} passed, of ${this.sets} sets`);
  }

  get #asleep(): number[] {
    return this.users.filter(({ isBusy, process }) => isBusy && !process.isDead).map(({ process }) => process.number);
  }
}

/** What another one does in one go, where it can, or a third one. */
const deeds = {
  sets: (user: User, scene: Scene) => user.isIdle && scene.set(user),
  passes: (user: User) => user.isIdle && user.pass(user.event.tryWait()),
  awaits: (user: User) => user.isIdle && user.busily(async () => user.pass(await user.event.wait())),
  dies: (user: User, scene: Scene) => scene.kernel.kill(user.process),
  "a third one sets": (_user: User, scene: Scene) => deeds.sets(scene.third, scene),
  "a third one passes": (_user: User, scene: Scene) => deeds.passes(scene.third),
  "a third one awaits": (_user: User, scene: Scene) => deeds.awaits(scene.third),
};

/** The first two at moments of their own; or the interrupted one is killed. */
type Story = readonly (keyof typeof deeds | "it is killed")[];
const stories: readonly Story[] = [
  ["sets", "sets"],
  ["sets", "passes"],
  ["sets", "a third one passes", "a third one sets"],
  ["passes", "sets"],
  ["awaits", "sets"],
  ["awaits", "a third one sets"],
  ["awaits", "a third one awaits", "a third one sets"],
  ["awaits", "it is killed"],
  ["awaits", "dies", "a third one sets"],
  ["sets", "it is killed"],
  ["a third one awaits", "sets"],
];

const lives: Record<string, (user: User, scene: Scene) => Promise<void>> = {
  async awaits(user) {
    user.pass(await user.event.wait());
  },
  async blocks(user) {
    user.pass(user.event.waitSync());
  },
  async tries(user) {
    user.pass(user.event.tryWait());
  },
  async "awaits and sets it again"(user, scene) {
    user.pass(await user.event.wait());
    scene.set(user);
  },
  async sets(user, scene) {
    scene.set(user);
  },
};

interface Start {
  readonly resetsItself: boolean;
  readonly isSet: boolean;
}

/** False: there is no access of the first of these numbers. */
async function play(start: Start, way: string, story: Story, moments: readonly number[]): Promise<boolean> {
  const scene = new Scene(start.resetsItself);
  return scene.kernel.play(async () => {
    const [other, main] = [scene.start(), scene.start()];
    if (start.isSet) deeds.sets(other, scene);
    const acts = story.map(
      (deed, index): Act => ({
        moment: moments[index] ?? Number.POSITIVE_INFINITY,
        act() {
          if (deed !== "it is killed") return void deeds[deed](other, scene);
          scene.isUncertain = true;
          scene.isKilled = true;
          scene.kernel.kill(main.process);
        },
      }),
    );
    if (way === "blocks")
      acts.push({ moment: Number.POSITIVE_INFINITY, act: () => deeds["a third one sets"](other, scene) });
    scene.isUncertain = way.includes("sets");
    const begin = () => main.busily(() => (lives[way] as (typeof lives)[string])(main, scene));
    const hasHappened = await scene.kernel.run(main.process, acts, begin);
    await scene.finish();
    return hasHappened;
  });
}

/** While one blocks, promises of others are not kept. */
const isPlayable = (way: string, story: Story) => way !== "blocks" || !story.join().includes("await");

describe("an event", () => {
  for (const resetsItself of [false, true]) {
    for (const way of Object.keys(lives)) {
      it(`${resetsItself ? "that resets itself, " : ""}whose user ${way} beside others`, async (t) => {
        const sampling = new Sampling(STRIDE);
        for (const isSet of [false, true]) {
          for (const story of stories.filter((one) => isPlayable(way, one))) {
            const what = `${isSet ? "set" : "not set"}: ${story.join(", ")}`;
            await sampling.atEachPair(what, (moments) => play({ resetsItself, isSet }, way, story, moments));
          }
        }
        t.diagnostic?.(`${sampling.plays} plays`);
      });
    }
  }
});
