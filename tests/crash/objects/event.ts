// The scene of Event: a turnstile. Each setting of it lets one pass, who sets it again.
//
//   words  SETS, counted before each | PASSES, counted behind each

import { Event } from "../../../mod.ts";
import { sleep } from "../../support/wait.ts";
import { shortWait, unlessAborted, work } from "./alone.ts";
import type { Keeper, Player, Scene, Setting } from "./scene.ts";

const [SETS, PASSES] = [0, 1] as const;

/** A death takes the baton along: nobody owns an event. */
function set(event: Event, { ledger, words }: Setting): void {
  ledger.add(words + SETS);
  event.set();
}

function open(setting: Setting): Player {
  const { ledger, words, name, random } = setting;
  const event = Event.open(name);
  const ways: readonly (() => boolean | undefined | Promise<boolean | undefined>)[] = [
    () => event.tryWait(),
    () => event.waitSync(),
    () => event.waitSync(shortWait(setting)),
    () => event.wait(),
    () => event.wait(shortWait(setting)),
    () => unlessAborted(setting, (options) => event.wait(options)),
  ];
  return {
    async turn() {
      if (await random.pick(ways)()) {
        const passes = Atomics.add(ledger.words, words + PASSES, 1) + 1;
        if (passes > ledger.load(words + SETS)) ledger.count("passedUnset");
        await work(setting);
        set(event, setting);
      }
      await sleep(random.below(3)); // the others' turn
    },
    close: () => event.close(),
  };
}

function make(setting: Setting): Keeper {
  const { ledger, words, name } = setting;
  const event = Event.create(name, { autoReset: true, unlinkOnClose: true });
  return {
    async nudge(onNudge) {
      onNudge?.();
      set(event, setting);
    },
    async verify() {
      event.reset();
      ledger.store(words + SETS, 0);
      ledger.store(words + PASSES, 0);
    },
    close: () => event.close(),
  };
}

export const event: Scene = { title: "event, turnstile", make, open };
