// Explorer: two or three users of one object who are all half-way through a call, at any two of their accesses, and deaths.
//
// The other explorers let whole calls come between two accesses of one user. Here each user is a thread, and the classes are
// the library's own with their waits and the engine's watches (stage/played_kernel.ts). What is true of each object stands
// in stage/scenes.

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { explore, Troupe } from "./stage/troupe.ts";

interface Cast {
  readonly lives: readonly string[];
  /** Whether any of them may be killed; where nobody owns what is waited for, its waiters would wait on. */
  readonly mayDie: boolean;
  /** Of the places at which each of them stops, one in so many. */
  readonly stride: number;
}

const dying = (...lives: string[]): Cast => ({ lives, mayDie: true, stride: lives.length > 2 ? 4 : 2 });
const living = (...lives: string[]): Cast => ({ lives, mayDie: false, stride: lives.length > 2 ? 3 : 1 });

/** By the module of its scene, and what it is called there. */
const casts: Record<string, readonly Cast[]> = {
  "mutex scene": [
    dying("blocks twice", "awaits twice"),
    dying("awaits twice", "awaits"),
    dying("tries", "blocks", "awaits"),
    dying("awaits", "blocks", "blocks"),
  ],
  "rwlock scene": [
    dying("reads, blocking", "writes, awaiting"),
    dying("writes, blocking", "reads, awaiting"),
    dying("writes, awaiting", "writes, blocking"),
    dying("upgrades", "upgrades"),
    dying("tries to upgrade", "upgrades"),
    dying("writes, blocking", "upgrades"),
    dying("tries to write", "tries to read", "writes, awaiting"),
  ],
  "rwlock readersFirst": [
    dying("reads, awaiting", "writes, blocking"),
    dying("upgrades", "writes, awaiting"),
    dying("writes, blocking", "reads, blocking", "tries to read"),
  ],
  "semaphore scene": [living("blocks twice", "awaits twice"), living("blocks", "awaits", "tries")],
  "semaphore ofTwo": [living("awaits", "awaits", "blocks")],
  "semaphore owned": [dying("blocks twice", "awaits"), dying("awaits", "blocks", "tries")],
  "semaphore ownedOfTwo": [dying("awaits", "blocks", "awaits")],
  "event scene": [living("blocks", "sets"), living("awaits", "sets"), living("awaits", "blocks", "sets")],
  "event autoReset": [
    living("awaits", "sets"),
    living("blocks", "sets twice"),
    living("awaits", "blocks", "sets twice"),
    living("tries", "awaits", "sets"),
  ],
  "condition scene": [
    living("blocks", "changes it"),
    living("awaits", "changes it, and notifies behind"),
    living("awaits", "blocks", "changes it"),
  ],
  "barrier scene": [
    { ...dying("blocks twice", "awaits twice"), stride: 5 },
    { ...dying("blocks and leaves", "awaits twice"), stride: 5 },
    { ...dying("joins and leaves", "blocks", "awaits"), stride: 6 },
  ],
  "once scene": [dying("blocks", "takes its time"), dying("fails", "awaits"), dying("blocks", "awaits", "fails")],
  "ring scene": [
    dying("sends, blocking", "receives, awaiting"),
    dying("sends, awaiting", "receives, blocking"),
    dying("sends, awaiting", "iterates to the end"),
    dying("sends, blocking", "receives two", "receives two"),
  ],
  "latest_value scene": [
    dying("writes", "reads"),
    dying("writes", "reads in place"),
    dying("writes", "waits, blocking"),
    { ...dying("writes", "waits, awaiting", "reads"), stride: 7 },
  ],
  "map scene": [
    dying("sets its own key", "sets its own key"),
    dying("sets the same key twice", "reads twice"),
    dying("sets and removes", "goes through all"),
    dying("counts twice", "counts twice"),
    dying("sets and removes", "sets the same key twice", "reads twice"),
  ],
};

const isAll = process.env.LINUX_IPC_EXPLORE === "all";

/** Goes through the plays of a cast; how many. */
async function exploreCast(troupe: Troupe, url: string, name: string, cast: Cast): Promise<number> {
  const { lives, mayDie, stride } = cast;
  const before = troupe.plays;
  await troupe.learn({ url, name, lives });
  const victims = mayDie ? [0, ...lives.map((_, index) => index + 1)] : [0];
  for (const victim of victims) explore(troupe, { depth: lives.length, victim, stride: isAll ? 1 : stride });
  return troupe.plays - before;
}

describe("side by side", () => {
  let troupe: Troupe;
  before(async () => {
    troupe = await Troupe.start(3);
  });
  after(() => troupe.close());

  for (const [scene, castsOf] of Object.entries(casts)) {
    const [module, name] = scene.split(" ") as [string, string];
    const url = new URL(`./stage/scenes/${module}.ts`, import.meta.url).href;
    for (const cast of castsOf) {
      it(`${scene}: ${cast.lives.join(" | ")}`, async (t) => {
        const plays = await exploreCast(troupe, url, name, cast);
        assert.ok(plays > 20, `${plays} plays`);
        t.diagnostic?.(`${plays} plays`);
      });
    }
  }
});
