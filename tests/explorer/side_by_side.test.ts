// Explorer: two or three users of one object who are all half-way through a call, at any two of their accesses, deaths, and
// users who leave.
//
// The other explorers let whole calls come between two accesses of one user. Here each user is a thread, and the classes are
// the library's own with their waits and the engine's watches (stage/played_kernel.ts). What is true of each object stands
// in stage/scenes.

import { describe } from "node:test";
import { casts, leavers } from "./stage/casts.ts";
import { exploreCast, Season, sampleCast } from "./stage/plays.ts";

describe("side by side", () => {
  const season = new Season();
  season.testEach(casts, (troupe, cast) => exploreCast(troupe, cast));
  season.testEach(leavers, sampleCast);
});
