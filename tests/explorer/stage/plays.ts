// Plays: how a cast is gone through, and a test for each cast of a table.

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, it } from "node:test";
import { type Cast, isLeaver, type Leaving } from "./casts.ts";
import { explore, sample, Troupe, type Turn } from "./troupe.ts";

const isAll = process.env.LINUX_IPC_EXPLORE === "all";

/** Of each cast of which somebody leaves. */
const PLAYS = isAll ? 4000 : 60;

/** Goes through the plays of a cast. */
export function exploreCast(troupe: Troupe, { lives, mayDie, stride }: Cast): void {
  for (const victim of victimsOf(lives, mayDie))
    explore(troupe, { depth: lives.length, victim, stride: isAll ? 1 : stride });
}

/** With one who leaves. */
export function sampleCast(troupe: Troupe, cast: Leaving): void {
  sample(troupe, cast.lives.length + 1, turnsOf(cast), PLAYS);
}

/** Each time one who may leaves, behind one of the stops from its own first one on; in half of the plays nobody dies. */
function turnsOf({ lives, mayDie }: Leaving): Turn[] {
  const stops = [...lives.keys(), lives.length]; // the last one is the first player's again
  const lates = lives.flatMap((life, index) =>
    isLeaver(life) ? stops.slice(index).map((stop) => ({ player: index + 1, stop })) : [],
  );
  const victims = victimsOf(lives, mayDie).flatMap((victim) => [0, victim]);
  return lates.flatMap((late) => victims.map((victim) => ({ late, victim })));
}

function victimsOf(lives: readonly string[], mayDie: boolean): number[] {
  return [0, ...(mayDie ? lives.map((_, index) => index + 1) : [])];
}

/** Within a `describe`: tests that share a troupe. */
export class Season {
  #troupe: Troupe | undefined;

  constructor() {
    before(async () => {
      this.#troupe = await Troupe.start(3);
    });
    after(() => this.#troupe?.close());
  }

  /** For a cast of a scene that is named by its module, and what it is called there. */
  async play(scene: string, lives: readonly string[], play: (troupe: Troupe) => void): Promise<number> {
    const troupe = this.#troupe as Troupe;
    const [module, name] = scene.split(" ") as [string, string];
    const url = new URL(`./scenes/${module}.ts`, import.meta.url).href;
    const before = troupe.plays;
    await troupe.learn({ url, name, lives });
    play(troupe);
    return troupe.plays - before;
  }

  testEach<T extends Leaving>(casts: Record<string, readonly T[]>, play: (troupe: Troupe, cast: T) => void): void {
    for (const [scene, castsOf] of Object.entries(casts)) {
      for (const cast of castsOf) {
        it(`${scene}: ${cast.lives.join(" | ")}`, async (t) => {
          const plays = await this.play(scene, cast.lives, (troupe) => play(troupe, cast));
          assert.ok(plays > 20, `${plays} plays`);
          t.diagnostic?.(`${plays} plays`);
        });
      }
    }
  }
}
