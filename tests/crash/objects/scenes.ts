// All scenes, in the order in which they are played.

import type { Random } from "../../support/random.ts";
import { barrier } from "./barrier.ts";
import { condition } from "./condition.ts";
import { event } from "./event.ts";
import { type ObjectLedger, Place, sceneWords } from "./ledger.ts";
import { once } from "./once.ts";
import { readersFirst, rwlock } from "./rwlock.ts";
import type { Scene, Setting } from "./scene.ts";
import { semaphore } from "./semaphore.ts";

export const scenes: readonly Scene[] = [rwlock, semaphore, once, barrier, readersFirst, condition, event];

interface Common {
  readonly ledger: ObjectLedger;
  readonly random: Random;
  readonly place: number;
  readonly kind: number;
  /** What the names of all objects begin with. */
  readonly name: string;
}

export function settingOf(index: number, { place, name, ...common }: Common): Setting {
  const words = sceneWords(index);
  return { ...common, place: new Place(common.ledger, place), words, name: `${name}-${index}` };
}
