// The scene of Barrier: no phase ends without a living member, and none waits for a dead one.

import { Barrier } from "../../../mod.ts";
import { sleep } from "../../support/wait.ts";
import { shortWait, work } from "./alone.ts";
import type { Keeper, Player, Scene, Setting } from "./scene.ts";

const VERIFY = { timeoutMs: 5000 };

function open(setting: Setting): Player {
  const { ledger, name, random } = setting;
  const barrier = Barrier.open(name);
  /** The phase whose end was seen last, and arrivals since whose end was not. */
  let [last, given] = [0, 0];
  const ways: readonly (() => number | undefined | Promise<number | undefined>)[] = [
    () => barrier.arriveSync(),
    () => barrier.arriveSync(shortWait(setting)),
    () => barrier.arrive(),
    () => barrier.arrive(),
    () => barrier.arrive(shortWait(setting)),
  ];
  return {
    enter() {
      last = 0;
      barrier.join();
    },
    async turn() {
      if (random.below(20) === 0) await sleep(random.below(3));
      else await work(setting);
      const phase = await random.pick(ways)();
      if (phase === undefined) {
        given++;
        return;
      }
      if (last > 0 && (phase <= last || phase > last + 1 + given)) ledger.count("endedWithoutMember");
      [last, given] = [phase, 0];
    },
    leave: () => barrier.leave(),
    close: () => barrier.close(),
  };
}

function make({ ledger, name }: Setting): Keeper {
  const barrier = Barrier.create(name, { unlinkOnClose: true });
  return {
    async verify() {
      barrier.join();
      if ((await barrier.arrive(VERIFY)) === undefined) ledger.count("notGivenBack");
      barrier.leave();
    },
    close: () => barrier.close(),
  };
}

export const barrier: Scene = { title: "barrier", make, open };
