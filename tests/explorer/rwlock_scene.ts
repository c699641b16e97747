// A scene of one reader-writer lock: users who acquire or give back while others come, go, upgrade or die.
//
// The class is the library's own, with its waits and the engine's watches; see kernel.ts for what is modelled. One process
// is interrupted; what another one does between two of its accesses is a whole call, or its death.

import assert from "node:assert/strict";
import * as layout from "../../src/sync/layout.ts";
import { Readers } from "../../src/sync/readers.ts";
import { RwLock } from "../../src/sync/rwlock.ts";
import { type ReadGuard, WriteGuard } from "../../src/sync/rwlock_guards.ts";
import { type Act, BASE, Kernel, type Process } from "./kernel.ts";
import { Sampling } from "./sampling.ts";

/** Of all moments, one in so many; all of them of who only tries, which is short, and is part of the rest. */
const STRIDE = 3;

/** A user of the lock, and what it knows to hold. */
class User {
  readonly process: Process;
  readonly lock: RwLock;
  readonly #scene: RwScene;
  #guard: ReadGuard | WriteGuard | undefined;
  holds: "nothing" | "reading" | "alone" = "nothing";
  /** It awaits something, or is amid a call: what it has, only the words know. */
  isBusy = false;
  /** Busy, but surely not in the lock. */
  #isOutside = false;

  constructor(scene: RwScene, inSlotOf?: Process) {
    this.#scene = scene;
    this.process = scene.kernel.start(inSlotOf);
    this.lock = scene.kernel.make(this.process, (placement) => new RwLock(placement)).unref();
  }

  get isIdle(): boolean {
    return !this.isBusy && !this.process.isDead && this.holds === "nothing";
  }

  get isReading(): boolean {
    return !this.isBusy && !this.process.isDead && this.holds === "reading";
  }

  enter(guard: ReadGuard | WriteGuard | undefined): void {
    if (guard === undefined) return;
    this.#guard = guard;
    if (guard.recovered !== undefined) this.#scene.told.push(guard.recovered.pid);
    else if (this.#scene.isSpoilt) this.#scene.kernel.fail(`${this.process.number} gets it, and is told of no death`);
    this.holds = guard instanceof WriteGuard || guard.recovered !== undefined ? "alone" : "reading";
    this.#scene.check();
  }

  /** Who was told has repaired. */
  leave(): void {
    if (this.holds === "nothing") return;
    if (this.#guard?.recovered !== undefined) this.#scene.isSpoilt = false;
    this.holds = "nothing";
    this.#guard?.repaired();
    this.#guard?.unlock();
  }

  /** It is alone, and told nobody's death that it has not repaired. */
  downgrade(): void {
    if (this.holds !== "alone" || !(this.#guard instanceof WriteGuard)) return;
    if (this.#guard.recovered !== undefined) this.#scene.isSpoilt = false;
    this.#guard.repaired();
    this.holds = "reading"; // from an instant that only the words know
    this.#guard = this.#guard.downgrade();
    this.#scene.check();
  }

  tryUpgrade(): void {
    if (this.holds === "reading") this.enter((this.#guard as ReadGuard).tryUpgrade());
  }

  async upgrade(): Promise<void> {
    if (this.holds === "reading") this.enter(await (this.#guard as ReadGuard).upgrade());
  }

  /** Does something that may wait. */
  busily(life: () => Promise<unknown>): void {
    this.isBusy = true;
    this.#scene.kernel.live(() => life().then(() => Object.assign(this, { isBusy: false })));
  }

  /** Amid a call nobody can say whether it had the lock. */
  die(isAmid = this.isBusy && !this.#isOutside && !this.#scene.kernel.sleeps(this.process)): void {
    if (this.process.isDead) return;
    const { kernel, deaths } = this.#scene;
    if (this.holds === "alone" && !isAmid) this.#scene.isSpoilt = true;
    deaths.set(this.process.number, isAmid ? "perhaps" : this.holds === "alone" ? "in" : "out");
    kernel.kill(this.process);
  }

  /** As a reader that has found the lock free, and was stopped until now. */
  announce(): void {
    this.#scene.kernel.make(this.process, (placement) => new Readers(placement)).announce();
    this.isBusy = true;
    this.#isOutside = true;
  }
}

/** Fails when a writer is beside somebody. */
class RwScene {
  readonly kernel = new Kernel([layout.RWLOCK_READERS]);
  readonly users: User[] = [];
  #third: User | undefined;
  readonly told: number[] = [];
  /** Somebody died alone in the lock, and nobody has repaired it since. */
  isSpoilt = false;
  /** Whether those who died had the lock alone. */
  readonly deaths = new Map<number, "in" | "out" | "perhaps">();

  constructor(preferReaders: boolean) {
    RwLock.kind.fill?.({ preferReaders }, this.kernel.memory.buffer, BASE);
  }

  start(inSlotOf?: Process): User {
    const user = new User(this, inSlotOf);
    this.users.push(user);
    return user;
  }

  /** A third one, who comes into the slot of the dead. */
  get third(): User {
    this.#third ??= this.start(this.users.find(({ process }) => process.isDead)?.process);
    return this.#third;
  }

  get living(): User[] {
    return this.users.filter(({ process }) => !process.isDead);
  }

  check(): void {
    const inside = this.living.filter(({ holds }) => holds !== "nothing");
    if (inside.length > 1 && inside.some(({ holds }) => holds === "alone")) {
      const names = inside.map(({ process, holds }) => `${process.number} ${holds}`);
      this.kernel.fail(`together inside: ${names.join(", ")}`);
    }
  }

  /** Who holds it lets go, until nobody does; nobody is left asleep then, and newcomers get it. */
  async finish(): Promise<void> {
    await this.kernel.settle();
    for (let holders = this.#holders; holders.length > 0; holders = this.#holders) {
      for (const user of holders) user.leave();
      await this.kernel.settle();
    }
    const asleep = this.living.filter(({ isBusy }) => isBusy).map(({ process }) => process.number);
    assert.deepEqual(asleep, [], "asleep for ever");
    if (this.kernel.peek(layout.LOCK) === 0) assert.equal(this.kernel.peek(layout.RWLOCK_ENTERED), 0, "nobody is in");
    this.#checkNewcomers();
    this.#checkTold();
  }

  get #holders(): User[] {
    return this.living.filter(({ isBusy, holds }) => !isBusy && holds !== "nothing");
  }

  #checkNewcomers(): void {
    const newcomer = this.start();
    for (const come of [deeds.reads, deeds.writes]) {
      come(newcomer);
      assert.notEqual(newcomer.holds, "nothing", "a newcomer gets it");
      newcomer.leave();
    }
    assert.equal(this.kernel.peek(layout.LOCK), 0);
  }

  /** A successor that died before it was told leaves its own death to be told in place of the one before it. */
  #checkTold(): void {
    const isReplaced = [...this.deaths.values()].includes("perhaps");
    for (const [number, how] of this.deaths) {
      const count = this.told.filter((pid) => pid === number).length;
      const [least, most] = [how === "in" && !isReplaced ? 1 : 0, how === "out" ? 0 : 1];
      assert.ok(count >= least && count <= most, `the death of ${number}, ${how}, was told ${count} times`);
    }
    for (const pid of this.told) assert.ok(this.deaths.has(pid), `${pid} is told dead`);
  }
}

/** What another one does in one go, where it can, or a third one. */
const deeds = {
  reads: (user: User) => user.isIdle && user.enter(user.lock.tryRead()),
  writes: (user: User) => user.isIdle && user.enter(user.lock.tryWrite()),
  leaves: (user: User) => !user.isBusy && !user.process.isDead && user.leave(),
  upgrades: (user: User) => user.isReading && user.tryUpgrade(),
  downgrades: (user: User) => !user.isBusy && !user.process.isDead && user.downgrade(),
  dies: (user: User) => user.die(),
  "awaits reading": (user: User) => user.isIdle && user.busily(async () => user.enter(await user.lock.read())),
  "awaits writing": (user: User) => user.isIdle && user.busily(async () => user.enter(await user.lock.write())),
  "writes and dies"(user: User) {
    deeds.writes(user);
    deeds.dies(user);
  },
  "a third one reads": (_user: User, scene: RwScene) => deeds.reads(scene.third),
  "a third one writes": (_user: User, scene: RwScene) => deeds.writes(scene.third),
  "a third one announces itself": (_user: User, scene: RwScene) => scene.third.isIdle && scene.third.announce(),
  "the third one leaves": (_user: User, scene: RwScene) => deeds.leaves(scene.third),
  "the third one dies": (_user: User, scene: RwScene) => deeds.dies(scene.third),
  "awaits to upgrade": (user: User) => user.isReading && user.busily(() => user.upgrade()),
};
type Deed = keyof typeof deeds;

/** What the interrupted one does. */
const lives: Record<string, (user: User) => Promise<void>> = {
  async "tries to read"(user) {
    user.enter(user.lock.tryRead());
    user.leave();
  },
  async "tries to write"(user) {
    user.enter(user.lock.tryWrite());
    user.leave();
  },
  async "awaits reading"(user) {
    user.enter(await user.lock.read());
    user.leave();
  },
  async "awaits writing"(user) {
    user.enter(await user.lock.write());
    user.leave();
  },
  async "blocks to read"(user) {
    user.enter(user.lock.readSync());
    user.leave();
  },
  async "blocks to write"(user) {
    user.enter(user.lock.writeSync());
    user.leave();
  },
  async "writes and downgrades"(user) {
    user.enter(await user.lock.write());
    user.downgrade();
    user.leave();
  },
  async "reads and tries to upgrade"(user) {
    user.enter(await user.lock.read());
    user.tryUpgrade();
    user.leave();
  },
  async "reads and awaits to upgrade"(user) {
    user.enter(await user.lock.read());
    await user.upgrade();
    user.leave();
  },
};

/** What the other one does, the first two at moments of their own, or that the interrupted one is killed. */
type Story = readonly (Deed | "it is killed")[];
const storiesOf: Record<User["holds"], readonly Story[]> = {
  nothing: [
    ["reads", "leaves"],
    ["reads", "upgrades"],
    ["reads", "dies"],
    ["writes", "leaves"],
    ["writes", "dies"],
    ["awaits reading", "leaves"],
    ["awaits writing", "leaves"],
    ["awaits writing", "dies"],
    ["writes and dies", "a third one writes", "the third one leaves"],
    ["a third one reads", "dies"],
    ["a third one announces itself", "the third one dies"],
    ["a third one announces itself", "reads", "the third one dies"],
    ["reads", "it is killed"],
    ["awaits writing", "it is killed"],
  ],
  reading: [
    ["leaves", "writes"],
    ["upgrades", "leaves"],
    ["upgrades", "dies"],
    ["awaits to upgrade", "leaves"],
    ["awaits to upgrade", "dies"],
    ["leaves", "a third one announces itself", "the third one dies"],
    ["dies", "it is killed"],
    ["leaves", "it is killed"],
  ],
  alone: [
    ["leaves", "reads"],
    ["leaves", "writes"],
    ["leaves", "a third one writes", "the third one dies"],
    ["downgrades", "leaves"],
    ["downgrades", "dies"],
    ["dies", "it is killed"],
    ["leaves", "it is killed"],
  ],
};

export const ways = Object.keys(lives);

/** Who is there at the beginning, and what the other one, who acts later, holds. */
interface Start {
  readonly holds: User["holds"];
  setUp(scene: RwScene): void;
}

const starts: Record<string, Start> = {
  "a free lock": { holds: "nothing", setUp() {} },
  "a lock whose reader died": { holds: "nothing", setUp: (scene) => leaveDead(scene, "reads") },
  "a lock whose writer died": { holds: "nothing", setUp: (scene) => leaveDead(scene, "writes") },
  "a lock that is read": { holds: "reading", setUp() {} },
  "a lock that is read, and awaited": { holds: "reading", setUp: (scene) => deeds["awaits writing"](scene.start()) },
  "a written lock": { holds: "alone", setUp() {} },
  "a written lock that is awaited": {
    holds: "alone",
    setUp(scene) {
      deeds["awaits reading"](scene.start());
      deeds["awaits writing"](scene.start());
    },
  },
};

function leaveDead(scene: RwScene, deed: Deed): void {
  const victim = scene.start();
  deeds[deed](victim, scene);
  victim.die();
}

/** Somebody who holds what the start says. */
async function begin(scene: RwScene, { holds, setUp }: Start): Promise<User> {
  const other = scene.start();
  deeds.writes(other); // it has been used before
  deeds.leaves(other);
  if (holds === "reading") deeds.reads(other);
  if (holds === "alone") deeds.writes(other);
  setUp(scene);
  await scene.kernel.settle();
  return other;
}

/** Somebody must let it in at last, before it comes back. */
const doesBlock = (way: string) => way.startsWith("blocks");

interface Play {
  readonly preferReaders: boolean;
  readonly start: Start;
  readonly story: Story;
  readonly way: string;
}

/** False: there is no access of the first of these numbers. */
async function play({ preferReaders, start, story, way }: Play, moments: readonly number[]): Promise<boolean> {
  const scene = new RwScene(preferReaders);
  return scene.kernel.play(async () => {
    const other = await begin(scene, start);
    const main = scene.start();
    const acts = story.map(
      (deed, index): Act => ({
        moment: moments[index] ?? Number.POSITIVE_INFINITY,
        act: () => (deed === "it is killed" ? main.die(true) : deeds[deed](other, scene)),
      }),
    );
    const lastDeeds = doesBlock(way) ? (["leaves", "the third one leaves"] as const) : [];
    for (const deed of lastDeeds) acts.push({ moment: Number.POSITIVE_INFINITY, act: () => deeds[deed](other, scene) });
    const life = lives[way] as (typeof lives)[string];
    const hasHappened = await scene.kernel.run(main.process, acts, () => main.busily(() => life(main)));
    await scene.finish();
    return hasHappened;
  });
}

/** While one blocks, promises of the others are not kept: there others only try. */
const isOfAwaiting = (text: string) => text.includes("await");

/** Plays one of the `ways` in all scenes; how many plays. */
export async function explore(way: string, preferReaders: boolean): Promise<number> {
  const sampling = new Sampling(way.startsWith("tries") ? 1 : STRIDE);
  for (const [from, start] of Object.entries(starts)) {
    for (const story of storiesOf[start.holds]) {
      if (doesBlock(way) && [from, ...story].some(isOfAwaiting)) continue;
      await sampling.atEachPair(`${from}: ${story.join(", ")}`, (moments) =>
        play({ preferReaders, start, story, way }, moments),
      );
    }
  }
  return sampling.plays;
}
