// The header for C: its process is killed behind each instruction of an operation, and TypeScript goes on.
//
// Around each store, and at some of the other instructions; scripts/soak/kill_steps.ts kills at all of them. Operations of
// a thousand instructions and more, and C that goes on: tests/cross/kill_steps.test.ts.

import { after, describe, it } from "node:test";
import { cleanUp } from "../support/mod.ts";
import { checkStepped, isLong, Stepper } from "./kill_points/steps.ts";

/** Instructions beside those around each store. */
const MOST = 4;
const stepper = new Stepper();
const skip = await stepper.refusal();
const scenes = (await Stepper.scenes()).filter((scene) => !isLong(scene));

describe("a C process that is killed behind an instruction", { skip }, () => {
  after(() => {
    stepper.end();
    cleanUp();
  });

  for (const scene of scenes) it(`of ${scene.title}`, async () => checkStepped(await stepper.run(scene, MOST, false)));
});
