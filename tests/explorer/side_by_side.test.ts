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
  "futex_lock scene": [
    living("is of C", "awaits twice"),
    living("blocks", "awaits", "is of C"),
    living("is of C, and calls off", "awaits with a call", "is of C"),
  ],
  "futex scene": [living("blocks at the first", "awaits the first", "wakes the first")],
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

/** Whose time may be up says so. */
const isLeaver = (life: string) => /with a (timeout|signal)|and closes/.test(life);

/** Casts with somebody who leaves, when the time is up; strides are longer, since there is one stop more. */
const leaving = (stride: number, ...lives: string[]): Cast => ({ lives, mayDie: false, stride });

/** As above. */
const leavers: Record<string, readonly Cast[]> = {
  "mutex scene": [
    leaving(2, "stays", "blocks with a timeout"),
    leaving(2, "stays", "awaits with a timeout"),
    leaving(4, "blocks", "awaits, and closes", "blocks"),
    leaving(4, "blocks with a timeout", "awaits twice"),
    leaving(5, "blocks", "blocks with a timeout", "awaits"),
    leaving(5, "blocks", "awaits with a signal", "blocks"),
    leaving(3, "blocks", "awaits behind one with a signal"),
  ],
  "rwlock scene": [
    leaving(4, "reads, and stays", "writes, blocking with a timeout"),
    leaving(4, "reads, and stays", "writes with a timeout"),
    leaving(4, "reads, and stays", "upgrades with a timeout"),
    leaving(4, "writes, and stays", "reads with a timeout"),
    leaving(9, "reads, blocking", "writes, and closes", "reads, awaiting"),
    leaving(9, "writes, blocking", "reads, and closes", "reads, awaiting"),
    leaving(8, "reads, blocking", "writes, blocking with a timeout", "reads, awaiting"),
    leaving(8, "reads, awaiting", "writes with a timeout", "reads, blocking"),
    leaving(8, "writes, awaiting", "reads with a timeout", "writes, blocking"),
    leaving(8, "reads, awaiting", "writes with a signal", "writes, awaiting"),
    leaving(8, "writes, blocking", "reads with a signal", "reads, blocking"),
    leaving(8, "reads, blocking", "upgrades with a timeout", "writes, awaiting"),
    leaving(4, "writes, blocking", "reads, blocking with a timeout"),
  ],
  "rwlock readersFirst": [
    leaving(9, "reads, blocking", "writes with a timeout", "writes, awaiting"),
    leaving(9, "reads, awaiting", "writes, blocking with a timeout", "writes, blocking"),
  ],
  "semaphore scene": [
    leaving(3, "blocks", "awaits, and closes", "blocks"),
    leaving(3, "blocks", "blocks with a timeout", "awaits"),
    leaving(2, "blocks twice", "awaits with a timeout"),
    leaving(3, "blocks", "awaits with a signal", "blocks"),
    leaving(2, "blocks twice", "awaits behind one with a signal"),
  ],
  "semaphore ofTwo": [leaving(4, "blocks twice", "awaits behind one with a signal", "awaits")],
  "semaphore owned": [
    leaving(6, "blocks", "awaits, and closes", "blocks"),
    leaving(5, "blocks", "blocks with a timeout", "awaits"),
    leaving(5, "awaits", "awaits with a timeout", "blocks"),
    leaving(4, "blocks twice", "awaits behind one with a signal"),
  ],
  "event scene": [leaving(4, "awaits with a timeout", "blocks", "sets")],
  "event autoReset": [
    leaving(4, "awaits, and closes", "blocks", "sets"),
    leaving(4, "awaits with a timeout", "blocks", "sets"),
    leaving(4, "blocks with a timeout", "awaits", "sets"),
    leaving(4, "awaits with a signal", "blocks", "sets"),
    leaving(3, "awaits behind one with a signal", "sets"),
    leaving(3, "awaits behind one with a signal", "sets twice"),
  ],
  "condition scene": [
    leaving(4, "awaits, and closes", "changes it"),
    leaving(5, "blocks with a timeout", "changes it"),
    leaving(9, "awaits with a timeout", "blocks", "changes it"),
    leaving(8, "awaits with a signal", "awaits", "changes it, and notifies behind"),
  ],
  "barrier scene": [
    leaving(13, "blocks with a timeout", "awaits"),
    leaving(13, "blocks", "awaits, and closes"),
    leaving(15, "blocks with a timeout, and leaves", "awaits"),
    leaving(11, "blocks", "awaits with a timeout, and leaves"),
    leaving(15, "awaits with a signal", "blocks"),
    leaving(11, "blocks", "awaits with a timeout"),
  ],
  "once scene": [
    leaving(6, "fails", "awaits, and closes", "blocks"),
    leaving(6, "takes its time", "blocks with a timeout", "awaits"),
    leaving(6, "fails", "awaits with a timeout", "blocks"),
    leaving(6, "fails", "awaits with a signal", "awaits"),
  ],
  "ring scene": [
    leaving(13, "sends, blocking with a timeout", "receives, awaiting"),
    leaving(13, "sends with a timeout", "receives, blocking"),
    leaving(14, "sends with a signal", "receives, awaiting"),
    leaving(9, "sends, blocking", "receives, blocking with a timeout"),
    leaving(10, "sends, awaiting", "receives with a timeout"),
    leaving(9, "sends, blocking", "receives behind one with a signal"),
  ],
  "ring_turns scene": [
    leaving(5, "sends with a timeout, and a small one", "receives later"),
    leaving(5, "sends with a signal, and a small one", "receives one, and later"),
    leaving(5, "sends with a timeout, and tries then", "receives two, and later"),
    leaving(5, "sends with a signal, and tries then", "receives two, and later"),
  ],
  "futex_lock scene": [
    leaving(3, "is of C", "blocks with a timeout", "is of C"),
    leaving(4, "is of C twice", "awaits behind one with a signal", "is of C"),
    leaving(2, "is of C", "is of C", "blocks with a timeout"),
    leaving(2, "is of C", "awaits with a signal", "is of C"),
    leaving(2, "is of C", "awaits with a timeout", "awaits"),
    leaving(2, "is of C", "awaits behind one with a signal"),
    leaving(3, "blocks", "awaits behind one with a signal", "is of C"),
  ],
  "futex scene": [
    leaving(2, "blocks with a timeout", "blocks at the first", "wakes the first"),
    leaving(2, "awaits with a signal", "awaits the first", "wakes the first"),
    leaving(2, "awaits with a timeout", "awaits the first", "wakes the first"),
    leaving(2, "awaits both with a signal", "awaits the first", "wakes both"),
    leaving(2, "awaits both with a signal", "awaits the second", "wakes both"),
  ],
  "latest_value scene": [
    leaving(11, "writes", "waits, blocking with a timeout"),
    leaving(10, "writes", "waits with a timeout"),
    leaving(11, "writes", "waits with a signal"),
  ],
};

const isAll = process.env.LINUX_IPC_EXPLORE === "all";

/** Goes through the plays of a cast; how many. */
async function exploreCast(troupe: Troupe, url: string, name: string, cast: Cast): Promise<number> {
  const { lives, mayDie } = cast;
  const before = troupe.plays;
  await troupe.learn({ url, name, lives });
  const stride = isAll ? 1 : cast.stride;
  const players = lives.map((_, index) => index + 1);
  for (const victim of mayDie ? [0, ...players] : [0]) {
    const late = latesOf(lives);
    if (late.length === 0) explore(troupe, { depth: lives.length, victim, stride });
    else for (const one of late) explore(troupe, { depth: lives.length + 1, victim, late: one, stride });
  }
  return troupe.plays - before;
}

/** Whose time may be up, and behind which stops: from its own first one on, since its waits begin there. */
function latesOf(lives: readonly string[]): { player: number; stop: number }[] {
  return lives.flatMap((life, index) => {
    const stops = [...lives.keys(), ...(index === 0 ? [lives.length] : [])].slice(index);
    return isLeaver(life) ? stops.map((stop) => ({ player: index + 1, stop })) : [];
  });
}

describe("side by side", () => {
  let troupe: Troupe;
  before(async () => {
    troupe = await Troupe.start(3);
  });
  after(() => troupe.close());

  for (const [scene, castsOf] of [...Object.entries(casts), ...Object.entries(leavers)]) {
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
