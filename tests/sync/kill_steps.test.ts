// The header for C: its process is killed behind each instruction of an operation, and TypeScript and C go on.
//
// Around each store, and at some of the other instructions; scripts/soak/kill_steps.ts kills at all of them. Operations of
// a thousand instructions and more: tests/cross/kill_steps.test.ts.

import { after, describe, it } from "node:test";
import { cleanUp } from "../support/mod.ts";
import { isJudgedInC } from "./kill_points/c.ts";
import { checkStepped, isLong, Stepper } from "./kill_points/steps.ts";

/** Instructions beside those around each store. */
const MOST = 8;
const stepper = new Stepper();
const skip = await stepper.refusal();
const scenes = (await Stepper.scenes()).filter((scene) => !isLong(scene));

describe("a C process that is killed behind an instruction", { skip }, () => {
  after(() => {
    stepper.end();
    cleanUp();
  });

  for (const scene of scenes) {
    it(`of ${scene.title}: TypeScript goes on`, async () => checkStepped(await stepper.run(scene, MOST, false)));
    if (isJudgedInC(scene))
      it(`of ${scene.title}: C goes on`, async () => checkStepped(await stepper.run(scene, MOST, true)));
  }
});
