// The header for C: as tests/sync/kill_steps.test.ts, with C that goes on, and in operations of a thousand instructions.

import { after, describe, it } from "node:test";
import { cleanUp } from "../support/mod.ts";
import { isJudgedInC } from "../sync/kill_points/c.ts";
import { checkStepped, isLong, Stepper } from "../sync/kill_points/steps.ts";

/** Instructions beside those around each store. */
const MOST = 4;
const stepper = new Stepper();
const skip = await stepper.refusal();
const scenes = await Stepper.scenes();

describe("a C process that is killed behind an instruction of many", { skip }, () => {
  after(() => {
    stepper.end();
    cleanUp();
  });

  for (const [index, scene] of scenes.filter(isLong).entries()) {
    const inC = isJudgedInC(scene) && index % 2 === 1;
    it(`of ${scene.title}: ${inC ? "C" : "TypeScript"} goes on`, async () =>
      checkStepped(await stepper.run(scene, MOST, inC)));
  }

  for (const scene of scenes.filter((one) => !isLong(one) && isJudgedInC(one)))
    it(`of ${scene.title}: C goes on`, async () => checkStepped(await stepper.run(scene, MOST, true)));
});
